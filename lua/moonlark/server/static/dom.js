// Elements made by code: texts only ever come in as texts.

// el("button", {type: "button", class: "quiet", onclick: f}, "Play")
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// The same for pictures: svg("rect", {x: 0, width: 10})
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// Says a sentence to those who listen to the page.
export function say(text) {
  document.getElementById("said").textContent = text;
}

// A colour of the page's, "accent", as canvases take it.
export function colour(name) {
  const probe = document.body.appendChild(el("span", {hidden: true}));
  probe.style.color = `var(--${name})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
