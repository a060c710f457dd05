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

// A browser that goes to the place of the address takes the focus away once the page is there: after it, not before.
window.addEventListener("load", () => {
  if (window.location.hash !== "#lignes") return;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    // Nothing left to decide: the next key loads.
    const first = document.querySelector("tr[data-decide] button") || document.querySelector("button[data-load]");
    if (first && document.activeElement === document.body) first.focus();
  }));
});
