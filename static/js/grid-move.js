// The keys of a cell of hours, whoever fills it: moving, saving, accepting what the contract would make, giving back.
(() => {
  "use strict";

  const shared = window.hoursGrid;
  if (!shared) return;
  const { rowOf, inputsOf, column } = shared;

  const go = (control) => {
    if (!control) return false;
    control.focus();
    if (control.select) control.select();
    return true;
  };

  // What a key does in a cell, without Ctrl nor Alt.
  const move = (event, input) => {
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
    else if (event.key === " " && !input.value) {
      moved = true;
      if (shared.accept) shared.accept(input);
      go(cells[here + 1]);
    } else if (event.key === "Enter") {
      // Enter saves the cell and goes down, as in a spreadsheet; it never sends the whole page.
      moved = true;
      // On a refused cell left as it is, Enter says « write it nevertheless ».
      const again = input.getAttribute("aria-invalid") === "true" && input.value === input.dataset.sent;
      if (again) input.dispatchEvent(new Event("change", { bubbles: true }));
      if (!go(cells[here + 1])) input.blur();
    } else if (event.key === "Escape" && input.value !== input.defaultValue) {
      input.value = input.defaultValue;
      delete input.dataset.typing;
      input.select();
      moved = true;
    }
    if (moved) event.preventDefault();
  };

  Object.assign(shared, { go, move });
})();
