// A spectrum that moves to the left as columns of it come.
import {el} from "./dom.js";

// The darkest to the lightest of magma, by which columns are painted.
const magma = [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]];
const palette = Array.from({length: 256}, (_, i) => {
  const at = i / 255 * (magma.length - 1), low = Math.min(Math.floor(at), magma.length - 2);
  return magma[low].map((value, k) => value + (at - low) * (magma[low + 1][k] - value));
});

export class Scroller {
  constructor(label) {
    this.canvas = el("canvas", {class: "map", width: 800, height: 128, role: "img", "aria-label": label});
    this.context = this.canvas.getContext("2d");
  }

  // Columns of bytes, in Base64, one after the other, the lowest band first.
  add({rows, columns, data}) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), {width} = this.canvas;
    if (this.canvas.height !== rows) this.canvas.height = rows;
    const picture = this.context.createImageData(columns, rows);
    for (let x = 0; x < columns; x++) {
      for (let y = 0; y < rows; y++) {
        const [r, g, b] = palette[bytes[x * rows + y]];
        picture.data.set([r, g, b, 255], ((rows - 1 - y) * columns + x) * 4);
      }
    }
    this.context.drawImage(this.canvas, -columns, 0);
    this.context.putImageData(picture, width - columns, 0);
  }
}
