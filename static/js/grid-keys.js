// The grid of hours by the keyboard: moving, filling, undoing, validating a line and going on to the next.
(() => {
  "use strict";

  const shared = window.hoursGrid;
  if (!shared) return;
  const { grid, rows, rowOf, inputsOf, column, validate, tell, go, move } = shared;

  const below = (input) => {
    const cells = column(input);
    return cells[cells.indexOf(input) + 1];
  };

  // A line needs a look while it is empty, refused, or not validated; what went back to the company waits for it.
  const needsLook = (row) => {
    if (row.dataset.validating) return false;
    if (row.classList.contains("has-error") || row.querySelector("button[name=valider]")) return true;
    return inputsOf(row).length > 0 && !row.querySelector(".locked") && !inputsOf(row).some((input) => input.value);
  };
  const goToNext = (row) => {
    const all = rows();
    const here = row ? all.indexOf(row) : -1;
    const following = [...all.slice(here + 1), ...all.slice(0, Math.max(here, 0))].find(needsLook);
    if (!following) {
      tell("Plus aucune ligne à vérifier sur cette page.");
      document.querySelector("#grille [value=validate]").focus();
      return;
    }
    following.scrollIntoView({ block: "nearest" });
    go(inputsOf(following)[0] || following.querySelector("button[name=valider]"));
  };
  const nextButton = document.querySelector("[data-next]");
  if (!nextButton) return;
  nextButton.hidden = false;
  let current = null;
  grid.addEventListener("focusin", (event) => {
    current = rowOf(event.target) || current;
  });
  nextButton.addEventListener("click", () => goToNext(current));

  // A link to a line (« À vérifier » has one for each) puts the keyboard on it, once the browser is at the place.
  window.addEventListener("load", () => {
    const asked = window.location.hash.startsWith("#ligne-") && document.getElementById(window.location.hash.slice(1));
    if (!asked || !grid.contains(asked)) return;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      asked.scrollIntoView({ block: "center" });
      if (document.activeElement === document.body) go(inputsOf(asked)[0] || asked.querySelector("button, a"));
    }));
  });

  const acceptLine = (row) => {
    const typed = inputsOf(row).some((input) => input.value);
    if (!typed && !row.querySelector("button[name=valider]")) {
      tell("Rien à valider sur cette ligne.");
      return;
    }
    if (typed || row.querySelector("button[name=valider]")) validate(row);
    goToNext(row);
  };

  // One letter is a gesture: hours are written without them, but for the h of 12h30.
  const letters = {
    v: (row) => acceptLine(row),
    s: (row) => goToNext(row),
    p: (row, input) => {
      shared.copyPrevious(row);
      if (input) go(below(input));
    },
  };

  grid.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    const input = event.target.closest(".hours-input");
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (control && !event.altKey) {
      if (key === "enter") acceptLine(row);
      else if (key === "d" && input && event.shiftKey) shared.fillDown(input);
      else if (key === "d" && input) {
        shared.fillFromAbove(input);
        go(below(input));
      } else if (key === "z" && !(input && input.dataset.typing) && (event.shiftKey ? shared.redo() : shared.undo())) {
        // The browser's own undo knows nothing of what was saved.
      } else if (key === "y" && shared.redo()) {
        // Done.
      } else return;
      event.preventDefault();
      return;
    }
    if (control || event.altKey) return;
    if (letters[key] && !event.shiftKey) {
      event.preventDefault();
      letters[key](row, input);
      return;
    }
    if (input) move(event, input);
  });
})();
