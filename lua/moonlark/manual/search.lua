--- Search: what the page of all names is given where scripts run: a field that leaves those that match. Without scripts
--- the page is as it was.
return [[
"use strict";
(function () {
  const place = document.querySelector("nav.letters");
  if (!place) return;
  const label = document.createElement("label");
  label.className = "search";
  label.textContent = "Find ";
  const field = document.createElement("input");
  field.type = "search";
  field.autocomplete = "off";
  label.append(field);
  const said = document.createElement("output");
  said.setAttribute("aria-live", "polite");
  place.before(label, said);
  const sections = [...document.querySelectorAll("main section")].map((section) => ({
    section, items: [...section.querySelectorAll("li")].map((item) => ({item, words: item.textContent.toLowerCase()})),
  }));
  function look() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const {section, items} of sections) {
      let here = 0;
      for (const {item, words: text} of items) {
        const fits = words.every((word) => text.includes(word));
        item.hidden = !fits;
        here += fits;
      }
      section.hidden = here === 0;
      found += here;
    }
    said.textContent = words.length ? found + (found === 1 ? " name" : " names") : "";
    place.hidden = words.length > 0;
  }
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = document.querySelector("main li:not([hidden]) a");
    if (first) location.href = first.href;
  });
  if (location.hash.startsWith("#find=")) field.value = decodeURIComponent(location.hash.slice(6));
  look();
  field.focus({preventScroll: true});
})();
]]
