// Suggestions under a field that finds one row among many; without it, the words are read when the form is sent.
(() => {
  "use strict";

  const WAIT = 200;

  for (const field of document.querySelectorAll("input[data-lookup]")) {
    const list = document.createElement("datalist");
    list.id = `${field.id}_suggestions`;
    field.after(list);
    field.setAttribute("list", list.id);
    let timer = 0;
    let asked = "";

    const suggest = async () => {
      const words = field.value.trim();
      if (words.length < 2 || words === asked || words.endsWith("]")) return;
      asked = words;
      try {
        const address = `${field.dataset.lookup}?q=${encodeURIComponent(words)}`;
        const answer = await fetch(address, { headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected || asked !== words) return;
        const { suggestions } = await answer.json();
        list.replaceChildren(...suggestions.map((text) => new Option(text, text)));
      } catch {
        // A lost connection only loses the suggestions.
      }
    };

    field.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(suggest, WAIT);
    });
  }
})();
