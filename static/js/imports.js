// One key for each answer: in a doubtful line, its digit presses its button; after an answer the next line has the focus.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
  const row = document.activeElement.closest("tr[data-decide]");
  const button = row && row.querySelector(`button[data-key="${event.key}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
});

if (window.location.hash === "#lignes") {
  const first = document.querySelector("tr[data-decide] button");
  if (first) first.focus();
}
