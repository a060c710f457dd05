// The grid of hours by the keyboard: moving, pasting a column, saying what is saved, and saving again what was not.
(() => {
  "use strict";

  const grid = document.querySelector("[data-grid]");
  if (!grid) return;
  const waiting = document.getElementById("grille-en-attente");
  const rowOf = (element) => element.closest(".grid-row");
  const inputsOf = (row) => [...row.querySelectorAll(".hours-input")];
  const column = (input) => [...grid.querySelectorAll(`.hours-input[data-kind="${input.dataset.kind}"]`)];

  // --- Moving -------------------------------------------------------------------------------------------------
  const go = (input) => {
    if (!input) return false;
    input.focus();
    input.select();
    return true;
  };
  grid.addEventListener("keydown", (event) => {
    const input = event.target.closest(".hours-input");
    if (!input || event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = column(input);
    const here = cells.indexOf(input);
    const row = inputsOf(rowOf(input));
    const atStart = input.selectionStart === 0 && (input.selectionEnd === 0 || input.selectionEnd === input.value.length);
    const atEnd = input.selectionEnd === input.value.length;
    let moved = false;
    if (event.key === "ArrowDown") moved = go(cells[here + 1]);
    else if (event.key === "ArrowUp") moved = go(cells[here - 1]);
    else if (event.key === "ArrowRight" && atEnd) moved = go(row[row.indexOf(input) + 1]);
    else if (event.key === "ArrowLeft" && atStart) moved = go(row[row.indexOf(input) - 1]);
    else if (event.key === "Enter") {
      // Enter saves the cell and goes down, as in a spreadsheet; it never sends the whole page.
      moved = true;
      // On a refused cell left as it is, Enter says « write it nevertheless ».
      const again = input.getAttribute("aria-invalid") === "true" && input.value === input.dataset.sent;
      if (again) input.dispatchEvent(new Event("change", { bubbles: true }));
      if (!go(cells[here + 1])) input.blur();
    } else if (event.key === "Escape" && input.value !== input.defaultValue) {
      input.value = input.defaultValue;
      input.select();
      moved = true;
    }
    if (moved) event.preventDefault();
  });

  // --- Pasting a column, or a block, from a spreadsheet ---------------------------------------------------------
  grid.addEventListener("paste", (event) => {
    const input = event.target.closest(".hours-input");
    const text = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
    if (!input || !/[\n\t]/.test(text)) return;
    event.preventDefault();
    if (waiting.dataset.kind === "left") say("");
    const rows = [...grid.querySelectorAll(".grid-row")];
    const firstRow = rows.indexOf(rowOf(input));
    const kinds = [...new Set([...grid.querySelectorAll(".hours-input")].map((one) => one.dataset.kind))];
    const firstKind = kinds.indexOf(input.dataset.kind);
    let left = 0;
    let locked = 0;
    text.split("\n").forEach((line, down) => {
      const row = rows[firstRow + down];
      let touched = null;
      line.split("\t").forEach((value, right) => {
        // A blank of the spreadsheet says nothing: what is in the grid stays.
        if (!value.trim()) return;
        const kind = kinds[firstKind + right];
        const cell = row && row.querySelector(`.hours-input[data-kind="${kind}"]`);
        if (!cell) {
          if (row && kind && row.querySelector(`[data-cell="${kind}"] .locked`)) locked += 1;
          else left += 1;
          return;
        }
        cell.value = value.trim();
        touched = cell;
      });
      if (touched) touched.dispatchEvent(new Event("change", { bubbles: true }));
    });
    const told = [];
    if (locked) {
      const kept = locked > 1 ? `${locked} valeurs collées tombaient sur des heures validées` : "Une valeur collée tombait sur des heures validées";
      told.push(`${kept} : rien n’y a changé, passez par « Corriger ».`);
    }
    if (left) {
      const lost = left > 1 ? `${left} valeurs collées n’ont pas trouvé de case` : "Une valeur collée n’a pas trouvé de case";
      told.push(`${lost} : la grille est plus courte que la colonne.`);
    }
    if (told.length) say(told.join(" "), "left");
  });

  // --- Saving ---------------------------------------------------------------------------------------------------
  const say = (sentence, kind = "failed") => {
    waiting.hidden = !sentence;
    waiting.dataset.kind = sentence ? kind : "";
    waiting.querySelector("span").textContent = sentence;
    waiting.querySelector("[data-retry]").hidden = kind !== "failed";
  };
  const token = () => {
    const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
    return cookie && cookie.slice("csrftoken=".length);
  };
  grid.addEventListener("change", (event) => {
    const row = rowOf(event.target);
    if (row) row.dataset.dirty = "yes";
  });
  document.addEventListener("htmx:configRequest", (event) => {
    // After signing in again in another tab, the page's own token is stale and the cookie's is fresh.
    if (!grid.contains(event.detail.elt)) return;
    if (token()) event.detail.headers["X-CSRFToken"] = token();
    const row = rowOf(event.detail.elt);
    // A cell that nobody touched is not sent: what a colleague wrote in it meanwhile is no conflict.
    for (const input of row ? inputsOf(row) : []) {
      const touched = input.value !== input.defaultValue || input.getAttribute("aria-invalid") === "true";
      if (!touched) event.detail.parameters.delete(input.name);
    }
  });
  grid.addEventListener("htmx:beforeRequest", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    row.dataset.saving = "yes";
    for (const input of inputsOf(row)) input.dataset.sent = input.value;
    delete row.dataset.saved;
    delete row.dataset.dirty;
  });
  const failed = (row, sentence) => {
    delete row.dataset.saving;
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
  grid.addEventListener("htmx:responseError", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) {
      failed(row, "Votre session a pris fin. Reconnectez-vous dans un autre onglet, puis revenez ici : la ligne s’enregistrera.");
      waiting.querySelector("[data-sign-in]").hidden = false;
    } else if (status === 404) {
      failed(row, "Cette affectation n’existe plus ou ne vous est plus ouverte. Rechargez la page.");
    } else {
      failed(row, "Le serveur n’a pas pu enregistrer. Réessayez dans un instant.");
    }
  });
  grid.addEventListener("htmx:sendError", (event) => {
    const row = rowOf(event.target);
    if (row) failed(row, "La connexion est coupée. Réessayez quand elle sera revenue.");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const row = event.detail.elt && rowOf(event.detail.elt);
    if (!row || !grid.contains(row)) return;
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
      if (!document.activeElement || document.activeElement === document.body) next(row)?.focus();
    }
    total();
  });
  const next = (row) => {
    const rows = [...grid.querySelectorAll(".grid-row")];
    for (const one of rows.slice(rows.indexOf(row) + 1)) {
      const button = one.querySelector("button[name=valider]");
      if (button) return button;
    }
    return row.querySelector("button[name=valider], .row-gestures a, th a");
  };
  // The last line follows what is saved, not what is being typed.
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
  const retry = () => {
    for (const row of grid.querySelectorAll("[data-failed]:not([data-saving])")) {
      inputsOf(row)[0]?.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };
  waiting.querySelector("[data-retry]").addEventListener("click", retry);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") retry();
  });
  window.addEventListener("focus", retry);

  // A row is validated by the same address as it is saved, with what is typed in it.
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=valider]");
    if (!button || !window.htmx) return;
    event.preventDefault();
    const row = rowOf(button);
    row.dataset.validating = "yes";
    window.htmx.ajax("POST", row.getAttribute("hx-post"), {
      source: row,
      target: row.getAttribute("hx-target"),
      swap: "innerHTML",
      values: { valider: button.value },
    });
  });

  const leaving = (event) => {
    if (grid.querySelector("[data-dirty], [data-saving]")) event.preventDefault();
  };
  window.addEventListener("beforeunload", leaving);
  document.getElementById("grille").addEventListener("submit", () => {
    window.removeEventListener("beforeunload", leaving);
  });
})();
