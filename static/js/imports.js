// One key for each answer: the digits decide the first doubtful line that is in view, or the one that has the focus.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
  if (event.target.closest("input, select, textarea")) return;
  const rows = [...document.querySelectorAll("tr[data-decide]")];
  const row = document.activeElement.closest("tr[data-decide]") || rows[0];
  const button = row && row.querySelector(`button[data-key="${event.key}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
});
