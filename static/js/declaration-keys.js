// The keys of an employer's month: those of a cell, and undoing what was saved.
(() => {
  "use strict";

  const shared = window.hoursGrid;
  if (!shared) return;
  shared.grid.addEventListener("keydown", (event) => {
    const input = event.target.closest(".hours-input");
    if (!input || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const isUndo = event.key.toLowerCase() === "z" && input.value === input.defaultValue;
      if (isUndo && shared.undo && shared.undo()) event.preventDefault();
      return;
    }
    shared.move(event, input);
  });
})();
