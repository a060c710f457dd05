// The estimation page: fields of the method chosen, values of the trade chosen, and the texts to copy.
(() => {
  "use strict";

  const form = document.querySelector("form[data-estimation]");
  if (form) {
    const trades = JSON.parse(document.getElementById("metiers").textContent);

    // Before the figures are asked for, so that they count what the trade brings.
    form.addEventListener("change", (event) => {
      const lot = event.target.closest(".lot");
      if (!lot) return;
      if (event.target.name.endsWith("-method")) {
        for (const part of lot.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== event.target.value;
      }
      const trade = event.target.name.endsWith("-trade") && trades[event.target.value];
      if (trade) {
        for (const name of ["share", "cost"]) {
          const field = lot.querySelector(`[name$="-${name}"]`);
          if (trade[name]) field.value = trade[name];
        }
      }
    }, true);

    let isDirty = false;
    form.addEventListener("input", () => { isDirty = true; });
    form.addEventListener("submit", () => { isDirty = false; });
    window.addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
  }

  const said = document.getElementById("copie");
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = "Copié";
        said.textContent = "Le texte est copié.";
      } catch {
        said.textContent = "Le texte n’a pas pu être copié : sélectionnez-le.";
      }
    });
  }
})();
