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

// A time as people write it: 3:05, 1:02:03; with `fine` tenths, too.
export function clock(seconds, fine = false) {
  const whole = fine ? Math.floor(seconds * 10) / 10 : Math.floor(seconds);
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  const s = (whole % 60).toFixed(fine ? 1 : 0).padStart(fine ? 4 : 2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

// Sharps and flats as musicians write them: "Db major" is D♭ major.
export function musical(label) {
  return label.replace(/^([A-G])b/, "$1♭").replace(/^([A-G])#/, "$1♯");
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

// A colour of the page's, "accent", as canvases take it.
export function colour(name) {
  const probe = document.body.appendChild(el("span", {hidden: true}));
  probe.style.color = `var(--${name})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
