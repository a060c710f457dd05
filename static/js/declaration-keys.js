// The keys of an employer's month: moving, saving, accepting what the contract would make, undoing.
(() => {
  "use strict";

  const shared = window.hoursGrid;
  if (!shared) return;
  const { grid, rowOf, inputsOf, column } = shared;
  const go = (input) => {
    if (!input) return false;
    input.focus();
    input.select();
    return true;
  };
  grid.addEventListener("keydown", (event) => {
    const input = event.target.closest(".hours-input");
    if (!input || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const isUndo = event.key.toLowerCase() === "z" && input.value === input.defaultValue;
      if (isUndo && shared.undo && shared.undo()) event.preventDefault();
      return;
    }
    const cells = column(input);
    const here = cells.indexOf(input);
    const line = inputsOf(rowOf(input));
    const atStart = input.selectionStart === 0 && (input.selectionEnd === 0 || input.selectionEnd === input.value.length);
    const atEnd = input.selectionEnd === input.value.length;
    let moved = false;
    if (event.key === "ArrowDown") moved = go(cells[here + 1]);
    else if (event.key === "ArrowUp") moved = go(cells[here - 1]);
    else if (event.key === "ArrowRight" && atEnd) moved = go(line[line.indexOf(input) + 1]);
    else if (event.key === "ArrowLeft" && atStart) moved = go(line[line.indexOf(input) - 1]);
    else if (event.key === " " && !input.value && input.placeholder && shared.accept) {
      moved = true;
      shared.accept(input);
      go(cells[here + 1]);
    } else if (event.key === "Enter") {
      // Enter saves the cell and goes down; it never sends the month.
      moved = true;
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
})();
