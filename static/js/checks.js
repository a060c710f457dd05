// « À vérifier » : « C’est exact » takes its line away, and the keyboard goes on to the next one.
(() => {
  "use strict";

  const form = document.getElementById("exact");
  if (!form) return;
  const said = document.getElementById("verifie-dit");
  const buttons = () => [...document.querySelectorAll("[data-settle]")];

  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!button || !button.matches("[data-settle]")) return;
    event.preventDefault();
    if (!form.reportValidity()) return;
    const line = button.closest("[data-check-line]");
    const all = buttons();
    const next = all[all.indexOf(button) + 1] || all[all.indexOf(button) - 1];
    const body = new URLSearchParams(new FormData(form));
    body.set(button.name, button.value);
    line.dataset.saving = "yes";
    button.disabled = true;
    const giveUp = (sentence) => {
      delete line.dataset.saving;
      button.disabled = false;
      said.textContent = sentence;
      let shown = line.querySelector(".cell-error");
      if (!shown) {
        shown = document.createElement("p");
        shown.className = "cell-error";
        line.querySelector(".check-words").append(shown);
      }
      shown.textContent = sentence;
      button.focus();
    };
    // One key for each line: the next one is ready before this one is written.
    if (next) next.focus();
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
    } catch {
      giveUp("La connexion est coupée. Réessayez quand elle sera revenue.");
      return;
    }
    if (!answer.ok) {
      giveUp(answer.status === 403 ? "Votre session a pris fin. Reconnectez-vous dans un autre onglet, puis réessayez." : "Le serveur n’a pas pu enregistrer. Réessayez dans un instant.");
      return;
    }
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!part.querySelector("[data-settled]")) {
      giveUp(part.body.textContent.trim());
      return;
    }
    const group = line.closest("section");
    const count = group.querySelector("[data-count]");
    count.textContent = String(Math.max(0, Number(count.textContent) - 1));
    said.textContent = `C’est noté. ${count.textContent} dans ce groupe.`;
    line.remove();
  });
})();
