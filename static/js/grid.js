// The grid of hours: what is typed is saved row by row, or several rows at once, said, and saved again when it was not.
// What fills cells stands in grid-fill.js, the keys in grid-keys.js; they share window.hoursGrid.
(() => {
  "use strict";

  const grid = document.querySelector("[data-grid]");
  if (!grid) return;
  const waiting = document.getElementById("grille-en-attente");
  const rows = () => [...grid.querySelectorAll(".grid-row")];
  const rowOf = (element) => element.closest(".grid-row");
  const inputsOf = (row) => [...row.querySelectorAll(".hours-input")];
  const column = (input) => [...grid.querySelectorAll(`.hours-input[data-kind="${input.dataset.kind}"]`)];
  const isTouched = (input) => input.value !== input.defaultValue || input.getAttribute("aria-invalid") === "true";

  // --- Saying -------------------------------------------------------------------------------------------------
  const say = (sentence, kind = "failed") => {
    waiting.hidden = !sentence;
    waiting.dataset.kind = sentence ? kind : "";
    waiting.querySelector("span").textContent = sentence;
    waiting.querySelector("[data-retry]").hidden = kind !== "failed";
  };
  const tell = (sentence) => {
    document.getElementById("grille-dit").textContent = sentence;
  };
  const token = () => {
    const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
    if (cookie) return cookie.slice("csrftoken=".length);
    return document.querySelector("#grille [name=csrfmiddlewaretoken]").value;
  };

  // --- Saving a row (htmx) --------------------------------------------------------------------------------------
  grid.addEventListener("change", (event) => {
    const row = rowOf(event.target);
    if (row) row.dataset.dirty = "yes";
  });
  grid.addEventListener("htmx:confirm", (event) => {
    const row = rowOf(event.target);
    if (!row || !row.matches("[data-validating], [data-together]")) return;
    // Leaving a cell of a row that is being written: what it holds goes with it, or after it.
    if (event.detail.triggeringEvent && event.detail.triggeringEvent.type === "change") event.preventDefault();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    // After signing in again in another tab, the page's own token is stale and the cookie's is fresh.
    if (!grid.contains(event.detail.elt)) return;
    event.detail.headers["X-CSRFToken"] = token();
    const row = rowOf(event.detail.elt);
    // A cell that nobody touched is not sent: what a colleague wrote in it meanwhile is no conflict.
    for (const input of row ? inputsOf(row) : []) {
      if (!isTouched(input)) event.detail.parameters.delete(input.name);
    }
  });
  const begin = (row) => {
    row.dataset.saving = "yes";
    for (const input of inputsOf(row)) input.dataset.sent = input.value;
    delete row.dataset.saved;
    delete row.dataset.dirty;
  };
  grid.addEventListener("htmx:beforeRequest", (event) => {
    const row = rowOf(event.target);
    if (row) begin(row);
  });
  const failed = (row, sentence) => {
    delete row.dataset.saving;
    delete row.dataset.together;
    delete row.dataset.validating;
    row.dataset.failed = "yes";
    row.dataset.dirty = "yes";
    const place = row.querySelector(".why > div");
    const line = document.createElement("span");
    line.className = "reason";
    line.textContent = sentence;
    place.replaceChildren(line);
    const count = grid.querySelectorAll("[data-failed]").length;
    say(count > 1 ? `${count} lignes ne sont pas enregistrées : votre saisie est gardée.` : "Une ligne n’est pas enregistrée : votre saisie est gardée.");
  };
  const refused = (row, status) => {
    if (status === 401 || status === 403) {
      failed(row, "Votre session a pris fin. Reconnectez-vous dans un autre onglet, puis revenez ici : la ligne s’enregistrera.");
      waiting.querySelector("[data-sign-in]").hidden = false;
    } else if (status === 404) {
      failed(row, "Cette affectation n’existe plus ou ne vous est plus ouverte. Rechargez la page.");
    } else {
      failed(row, "Le serveur n’a pas pu enregistrer. Réessayez dans un instant.");
    }
  };
  grid.addEventListener("htmx:responseError", (event) => {
    const row = rowOf(event.target);
    if (row) refused(row, event.detail.xhr.status);
  });
  grid.addEventListener("htmx:sendError", (event) => {
    const row = rowOf(event.target);
    if (row) failed(row, "La connexion est coupée. Réessayez quand elle sera revenue.");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const row = event.detail.elt && rowOf(event.detail.elt);
    if (!row || !grid.contains(row)) return;
    settled(row);
    total();
  });
  // What came back for each cell of a row is put in it.
  const settled = (row) => {
    delete row.dataset.saving;
    delete row.dataset.failed;
    let errors = 0;
    for (const line of row.querySelectorAll(".cell-error")) {
      const input = document.getElementById(line.id.slice(2));
      if (line.dataset.locked !== undefined && input) {
        const shown = document.createElement("span");
        shown.className = "locked";
        shown.textContent = line.dataset.locked;
        document.getElementById(`v-${input.name.slice(2)}`)?.remove();
        input.replaceWith(shown);
        continue;
      }
      // A cell that was not sent has no answer: what stands in it stays.
      if (!input || line.dataset.text === undefined) continue;
      if (line.textContent) {
        errors += 1;
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", line.id);
      } else {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
        // « 77h30 » becomes « 77,5 », unless something else was typed meanwhile.
        if (input.value === input.dataset.sent) input.value = line.dataset.text;
        input.defaultValue = line.dataset.text;
      }
    }
    row.classList.toggle("has-error", errors > 0);
    if (!errors) row.dataset.saved = "yes";
    if (waiting.dataset.kind === "failed" && !grid.querySelector("[data-failed]")) {
      say("");
      waiting.querySelector("[data-sign-in]").hidden = true;
    }
    if (row.dataset.validating) {
      delete row.dataset.validating;
      // The button that was pressed is gone: on to the next line, so that one key validates them one after the other.
      if (!document.activeElement || document.activeElement === document.body) nextButton(row)?.focus();
    }
  };
  const nextButton = (row) => {
    const all = rows();
    for (const one of all.slice(all.indexOf(row) + 1)) {
      const button = one.querySelector("button[name=valider]");
      if (button) return button;
    }
    return row.querySelector("button[name=valider], .row-gestures a, th a");
  };

  // --- Saving several rows in one request -------------------------------------------------------------------------
  const saveTogether = async (some) => {
    const sent = some.filter((row) => inputsOf(row).some(isTouched));
    if (!sent.length) return;
    // A row that is on its way keeps its turn: its version is not known yet.
    while (sent.some((row) => row.dataset.saving)) await new Promise((again) => window.setTimeout(again, 30));
    const body = new URLSearchParams();
    for (const row of sent) {
      for (const input of inputsOf(row).filter(isTouched)) {
        body.set(input.name, input.value);
        const version = document.getElementById(`v-${input.name.slice(2)}`);
        if (version) body.set(version.name, version.value);
      }
      row.dataset.together = "yes";
      begin(row);
    }
    let answer;
    try {
      answer = await fetch(grid.dataset.rowsUrl, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { "X-CSRFToken": token(), "HX-Request": "true", "HX-Current-URL": window.location.href },
      });
    } catch {
      for (const row of sent) failed(row, "La connexion est coupée. Réessayez quand elle sera revenue.");
      return;
    }
    if (!answer.ok) {
      for (const row of sent) refused(row, answer.status);
      return;
    }
    const parts = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of [...parts.querySelectorAll("[hx-swap-oob]")]) {
      part.removeAttribute("hx-swap-oob");
      document.getElementById(part.id)?.replaceWith(document.adoptNode(part));
    }
    for (const row of sent) {
      delete row.dataset.together;
      // Rows that are no longer open to this person have no part in the answer.
      settled(row);
    }
    total();
    // What was typed while they were on their way goes now.
    const later = sent.filter((row) => !row.classList.contains("has-error") && inputsOf(row).some(isTouched));
    if (later.length) await saveTogether(later);
  };

  // --- The last line follows what is saved, not what is being typed -----------------------------------------------
  const figure = (text) => Number(text.replace(/\s/g, "").replace(",", ".")) || 0;
  const written = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 2 });
  const show = (name, sum) => {
    const place = grid.querySelector(`[data-total="${name}"]`);
    if (place) place.textContent = written.format(sum);
  };
  const total = () => {
    const sums = {};
    const add = (name, hours) => {
      sums[name] = (sums[name] || 0) + hours;
    };
    for (const cell of grid.querySelectorAll("[data-cell]")) {
      const input = cell.querySelector(".hours-input");
      add(cell.dataset.cell, figure(input ? input.defaultValue : cell.querySelector(".locked").textContent));
    }
    for (const sum of grid.querySelectorAll('[id^="total-"]')) add("all", figure(sum.textContent));
    for (const row of grid.querySelectorAll("[data-counted]")) add("counted", Number(row.dataset.counted));
    for (const name of Object.keys(sums)) show(name, sums[name]);
    if (!("counted" in sums)) show("counted", 0);
  };
  const retry = () => saveTogether([...grid.querySelectorAll("[data-failed]:not([data-saving])")]);
  waiting.querySelector("[data-retry]").addEventListener("click", retry);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") retry();
  });
  window.addEventListener("focus", retry);

  // --- Validating: by the same address as saving, with what is typed in the row -------------------------------------
  const validate = (row) => {
    const button = row.querySelector("button[name=valider]");
    if (row.dataset.validating) return;
    row.dataset.validating = "yes";
    window.htmx.ajax("POST", row.getAttribute("hx-post"), {
      source: row,
      target: row.getAttribute("hx-target"),
      swap: "innerHTML",
      values: { valider: button ? button.value : row.id.replace("ligne-", "") },
    });
  };
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=valider]");
    if (!button || !window.htmx) return;
    event.preventDefault();
    validate(rowOf(button));
  });

  const leaving = (event) => {
    if (grid.querySelector("[data-dirty], [data-saving]")) event.preventDefault();
  };
  window.addEventListener("beforeunload", leaving);
  document.getElementById("grille").addEventListener("submit", (event) => {
    if (!event.defaultPrevented) window.removeEventListener("beforeunload", leaving);
  });

  window.hoursGrid = { grid, waiting, rows, rowOf, inputsOf, column, say, tell, saveTogether, validate };
})();
