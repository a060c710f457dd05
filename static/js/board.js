// « Traiter » opens the gestures of a task under its row; without this script it leads to the task's page.
(() => {
  "use strict";

  const close = (link) => {
    const panel = link.closest("tr").nextElementSibling;
    if (panel && panel.classList.contains("row-panel")) panel.remove();
    link.setAttribute("aria-expanded", "false");
  };

  const open = async (link) => {
    const row = link.closest("tr");
    const address = new URL(link.href, window.location.href);
    address.searchParams.set("retour", window.location.pathname + window.location.search);
    const answer = await fetch(address, { headers: { "X-Requested-With": "XMLHttpRequest" } });
    if (!answer.ok || answer.redirected) throw new Error("no panel");
    const panel = document.createElement("tr");
    panel.className = "row-panel";
    const cell = document.createElement("td");
    cell.colSpan = row.children.length;
    cell.innerHTML = await answer.text();
    panel.append(cell);
    row.after(panel);
    link.setAttribute("aria-expanded", "true");
    const field = cell.querySelector("input:not([type=hidden])");
    if (field) field.focus();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-row-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-expanded") === "true") {
      close(link);
      return;
    }
    for (const other of document.querySelectorAll('a[data-row-panel][aria-expanded="true"]')) close(other);
    open(link).catch(() => window.location.assign(link.href));
  });
})();
