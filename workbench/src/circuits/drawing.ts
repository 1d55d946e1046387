/** A diagram as a file: SVG that opens on its own, or a picture of it. */

const SPACE = "http://www.w3.org/2000/svg";
const HEAD = 40;

export interface Caption {
  title: string;
  note: string;
  paper: string;
  ink: string;
  muted: string;
}

/** The diagram with its paper, title and note, without the marks of what is selected on screen. */
export function standalone(svg: SVGSVGElement, { title, note, paper, ink, muted }: Caption): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  for (const mark of copy.querySelectorAll(".mark")) mark.remove();
  for (const each of [copy, ...copy.querySelectorAll("*")]) {
    each.removeAttribute("class");
    each.removeAttribute("aria-hidden");
  }
  const { width, height } = sizeOf(svg);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height + HEAD));
  copy.setAttribute("viewBox", `0 ${-HEAD} ${width} ${height + HEAD}`);
  copy.setAttribute("role", "img");
  copy.prepend(
    made("title", {}, title),
    made("desc", {}, note),
    made("rect", { x: 0, y: -HEAD, width, height: height + HEAD, fill: paper }),
    made("text", { x: 8, y: 16 - HEAD, fill: ink, "font-size": 14, "font-family": SANS }, title),
    made("text", { x: 8, y: 33 - HEAD, fill: muted, "font-size": 11, "font-family": SANS }, note),
  );
  return new XMLSerializer().serializeToString(copy);
}

export const SANS = "Noto Sans, Liberation Sans, Helvetica, Arial, sans-serif";
export const MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace";

function sizeOf(svg: SVGSVGElement): { width: number; height: number } {
  return { width: Number(svg.getAttribute("width")), height: Number(svg.getAttribute("height")) };
}

function made(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/** Hands a file to the reader. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

const SHARP = 2;

/** A picture of an SVG text, at twice its size. */
export async function pictured(text: string): Promise<Blob> {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width * SHARP;
    canvas.height = image.height * SHARP;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) =>
      canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("This browser made no picture.")))),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}
