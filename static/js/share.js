// The running total of « Répartir dans le groupement », while the hours are typed; the server checks it again.
(() => {
  "use strict";

  const read = (text) => {
    const typed = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".").replace(/h$/i, "");
    return /^\d+(\.\d*)?$/.test(typed) ? Number(typed) : NaN;
  };
  const written = (hours) => hours.toLocaleString("fr-FR", { maximumFractionDigits: 2 });

  document.addEventListener("DOMContentLoaded", () => {
    const cell = document.querySelector("[data-share-total]");
    if (!cell) return;
    const wanted = Number(cell.dataset.wanted);
    const inputs = [...cell.closest("table").querySelectorAll("input")];
    const show = () => {
      const total = inputs.reduce((sum, input) => sum + read(input.value), 0);
      if (Number.isNaN(total)) {
        cell.textContent = "–";
        return;
      }
      const gap = Math.round((total - wanted) * 100) / 100;
      const words = gap > 0 ? `${written(gap)} de trop` : `il manque ${written(-gap)}`;
      cell.textContent = gap ? `${written(total)} (${words})` : written(total);
    };
    for (const input of inputs) input.addEventListener("input", show);
    show();
  });
})();
