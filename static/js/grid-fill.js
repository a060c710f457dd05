// The grid of hours, several cells at once: paste, fill down, the month before, the contract's proposal; and undoing.
(() => {
  "use strict";

  const shared = window.hoursGrid;
  if (!shared) return;
  const { grid, waiting, rows, rowOf, column, say, tell, saveTogether } = shared;
  const undoButton = document.querySelector("[data-undo]");
  // Without a row there is nothing to fill.
  if (!undoButton) return;
  const kindsOf = () => [...new Set([...grid.querySelectorAll("[data-cell]")].map((one) => one.dataset.cell))];
  const cellOf = (row, kind) => row.querySelector(`.hours-input[data-kind="${kind}"]`);
  const textOf = (row, kind) => {
    const input = cellOf(row, kind);
    if (input) return input.value;
    return row.querySelector(`[data-cell="${kind}"] .locked`)?.textContent || "";
  };

  // --- Undoing ------------------------------------------------------------------------------------------------
  // Each gesture is the list of the cells that it changed: { name, before, after }.
  const past = [];
  const future = [];
  const noted = () => {
    undoButton.disabled = !past.length;
  };
  const note = (cells) => {
    past.push(cells);
    if (past.length > 200) past.shift();
    future.length = 0;
    noted();
  };
  let last = null;
  // While a cell is being typed in, undoing is the browser's; once it is left, it is the grid's.
  grid.addEventListener("input", (event) => {
    event.target.dataset.typing = "yes";
  });
  grid.addEventListener("focusout", (event) => {
    delete event.target.dataset.typing;
  });
  grid.addEventListener("change", (event) => {
    const input = event.target;
    delete input.dataset.typing;
    if (!input.matches(".hours-input") || input.value === input.defaultValue) return;
    // A refused value that is sent again is the same gesture.
    if (last && last.name === input.name && last.after === input.value) return;
    last = { name: input.name, before: input.defaultValue, after: input.value };
    note([last]);
  });
  const put = (cells, side) => {
    const touched = new Set();
    let locked = 0;
    let first = null;
    for (const cell of cells) {
      const input = document.getElementById(cell.name);
      if (!input) {
        locked += 1;
        continue;
      }
      input.value = cell[side];
      delete input.dataset.typing;
      first = first || input;
      touched.add(rowOf(input));
    }
    last = null;
    if (first) {
      first.focus();
      first.select();
    }
    if (locked) say(locked > 1 ? `${locked} cases sont validées depuis : passez par « Corriger ».` : "Cette case est validée depuis : passez par « Corriger ».", "left");
    return saveTogether([...touched]);
  };
  const undo = () => {
    const cells = past.pop();
    noted();
    if (!cells) return false;
    future.push(cells);
    tell(cells.length > 1 ? `${cells.length} cases rendues à leur valeur d’avant.` : "Case rendue à sa valeur d’avant.");
    put(cells, "before");
    return true;
  };
  const redo = () => {
    const cells = future.pop();
    if (!cells) return false;
    past.push(cells);
    noted();
    put(cells, "after");
    return true;
  };
  undoButton.hidden = false;
  undoButton.addEventListener("click", undo);

  // --- Writing several cells in one gesture ---------------------------------------------------------------------
  // `wanted`: [input, text]; what is the same already is left alone.
  const write = (wanted) => {
    const changed = wanted.filter(([input, text]) => input.value !== text);
    if (!changed.length) return 0;
    note(changed.map(([input, text]) => ({ name: input.name, before: input.defaultValue, after: text })));
    last = null;
    for (const [input, text] of changed) {
      input.value = text;
      delete input.dataset.typing;
    }
    saveTogether([...new Set(changed.map(([input]) => rowOf(input)))]);
    return changed.length;
  };
  const filled = (count, nothing) => {
    if (waiting.dataset.kind === "left") say("");
    if (!count) say(nothing, "left");
    else tell(count > 1 ? `${count} cases remplies.` : "Une case remplie.");
  };

  // The month before, or the contract's proposal, in every empty cell of the page.
  const offered = { previous: (input) => input.dataset.previous || "", proposal: (input) => input.placeholder };
  const nothing = {
    previous: "Aucune case vide n’a d’heures le mois précédent.",
    proposal: "Aucune case vide n’a de proposition : il faut des heures par semaine au contrat.",
  };
  for (const button of document.querySelectorAll("[data-fill]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const source = button.dataset.fill;
      const empty = [...grid.querySelectorAll(".hours-input")].filter((input) => !input.value.trim() && offered[source](input));
      filled(write(empty.map((input) => [input, offered[source](input)])), nothing[source]);
    });
  }
  const accept = (input) => (!input.value && input.placeholder ? write([[input, input.placeholder]]) : 0);
  const copyPrevious = (row) => {
    const known = [...row.querySelectorAll(".hours-input")].filter((input) => input.dataset.previous);
    return write(known.map((input) => [input, input.dataset.previous]));
  };

  // --- Filling down ---------------------------------------------------------------------------------------------
  const fillFromAbove = (input) => {
    const all = rows();
    const above = all[all.indexOf(rowOf(input)) - 1];
    const text = above && textOf(above, input.dataset.kind).trim();
    return text ? write([[input, text]]) : 0;
  };
  // The value of a cell in every empty cell below it.
  const fillDown = (input) => {
    const cells = column(input);
    const text = input.value.trim();
    if (!text) return filled(0, "Placez-vous sur la case à recopier : elle est vide.");
    const below = cells.slice(cells.indexOf(input) + 1).filter((one) => !one.value.trim());
    return filled(write(below.map((one) => [one, text])), "Aucune case vide sous celle-ci.");
  };
  let current = null;
  grid.addEventListener("focusin", (event) => {
    if (event.target.matches(".hours-input")) current = event.target;
  });
  const downButton = document.querySelector("[data-fill-down]");
  downButton.hidden = false;
  downButton.addEventListener("click", () => {
    if (!current || !current.isConnected) filled(0, "Placez-vous d’abord sur la case à recopier.");
    else fillDown(current);
  });

  // --- Pasting a column, or a block, from a spreadsheet -----------------------------------------------------------
  grid.addEventListener("paste", (event) => {
    const input = event.target.closest(".hours-input");
    const text = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
    if (!input || !/[\n\t]/.test(text)) return;
    event.preventDefault();
    if (waiting.dataset.kind === "left") say("");
    const all = rows();
    const firstRow = all.indexOf(rowOf(input));
    const kinds = kindsOf();
    const firstKind = kinds.indexOf(input.dataset.kind);
    const wanted = [];
    let left = 0;
    let locked = 0;
    text.split("\n").forEach((line, down) => {
      const row = all[firstRow + down];
      line.split("\t").forEach((value, right) => {
        // A blank of the spreadsheet says nothing: what is in the grid stays.
        if (!value.trim()) return;
        const kind = kinds[firstKind + right];
        const cell = row && kind && cellOf(row, kind);
        if (cell) wanted.push([cell, value.trim()]);
        else if (row && kind && row.querySelector(`[data-cell="${kind}"] .locked`)) locked += 1;
        else left += 1;
      });
    });
    write(wanted);
    const told = [];
    if (locked) {
      const kept = locked > 1 ? `${locked} valeurs collées tombaient sur des heures validées` : "Une valeur collée tombait sur des heures validées";
      told.push(`${kept} : rien n’y a changé, passez par « Corriger ».`);
    }
    if (left) {
      const lost = left > 1 ? `${left} valeurs collées n’ont pas trouvé de case` : "Une valeur collée n’a pas trouvé de case";
      told.push(`${lost} : la grille est plus courte que la colonne.`);
    }
    if (told.length) say(told.join(" "), "left");
  });

  Object.assign(shared, { undo, redo, accept, copyPrevious, fillFromAbove, fillDown });
})();
