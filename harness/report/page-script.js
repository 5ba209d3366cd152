// The page's script, inlined by `page.ts`: the filter and the copy buttons. Everything else works without it. It runs in a
// browser, so it is plain JavaScript and tested there, see `browser.test.ts`.

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.querySelector(".filter");
  const text = document.getElementById("filter-text");
  const group = document.getElementById("filter-group");
  const output = form.querySelector("output");

  const matches = (element, words, wanted) => {
    const rows = element.dataset.row;
    const groups = element.dataset.group.split(" ");
    return words.every((word) => rows.includes(word)) && (wanted === "" || groups.includes(wanted));
  };

  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = group.value;
    const isOn = words.length > 0 || wanted !== "";
    let findings = 0;
    for (const finding of all(".finding")) {
      const shown = matches(finding, words, wanted);
      finding.hidden = !shown;
      if (shown) findings++;
    }
    const rows = new Set();
    for (const family of all(".family")) {
      let any = false;
      for (const element of all("[data-row]", family)) {
        const shown = matches(element, words, wanted);
        if (element instanceof SVGElement) element.classList.toggle("faded", !shown);
        else element.hidden = !shown;
        if (!shown) continue;
        any = true;
        rows.add(element.dataset.row);
      }
      family.hidden = !any;
    }
    const total = Number(output.dataset.findings);
    document.querySelector(".no-match").hidden = total === 0 || findings > 0;
    output.value = isOn ? `${findings} of ${total} findings, ${rows.size}${rows.size === 1 ? " row" : " rows"}` : "";
  };

  text.addEventListener("input", apply);
  group.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    text.value = "";
    group.value = "";
    apply();
  });
  apply();

  const copyText = async (from) => {
    try {
      await navigator.clipboard.writeText(from.textContent);
      return true;
    } catch {
      // Files opened from a disk may have no clipboard: select the text, so that one key copies it.
      getSelection().selectAllChildren(from);
      return document.execCommand("copy");
    }
  };
  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      const done = await copyText(button.previousElementSibling);
      button.textContent = done ? "Copied" : "Selected";
      setTimeout(() => {
        button.textContent = "Copy";
      }, 1600);
    });
  }

  const openTarget = () => {
    const target =
      location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", openTarget);
  openTarget();
})();
