// One key for each row: the digit or the letter of a situation chooses it, and the next row is ready.
(() => {
  const form = document.querySelector("[data-outcomes]");
  if (!form) return;
  const boxes = [...form.querySelectorAll("select")];
  boxes.forEach((box, rank) => {
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1) return;
      const wanted = `${event.key.toLowerCase()} ·`;
      const option = [...box.options].find((one) => one.text.startsWith(wanted));
      if (!option) return;
      event.preventDefault();
      box.value = option.value;
      (boxes[rank + 1] ?? form.querySelector("button[type=submit]")).focus();
    });
  });
  boxes[0]?.focus();
})();
