/** A diagram as a file: SVG that opens on its own, or a picture of it. */

const SPACE = "http://www.w3.org/2000/svg";
const LINE = 15;
/** Width of a letter of the note, on the safe side. */
const LETTER = 6;

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
  const lines = wrapped(note, Math.floor((width - 16) / LETTER));
  const head = 26 + LINE * lines.length;
  const whole = height + head;
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(whole));
  copy.setAttribute("viewBox", `0 ${-head} ${width} ${whole}`);
  copy.setAttribute("role", "img");
  copy.prepend(
    made("title", {}, title),
    made("desc", {}, note),
    made("rect", { x: 0, y: -head, width, height: whole, fill: paper }),
    made("text", { x: 8, y: 18 - head, fill: ink, "font-size": 14, "font-family": SANS }, title),
    ...lines.map((line, at) => {
      const y = 35 + LINE * at - head;
      return made("text", { x: 8, y, fill: muted, "font-size": 11, "font-family": SANS }, line);
    }),
  );
  return new XMLSerializer().serializeToString(copy);
}

/** Text in lines of at most so many letters, broken between words. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
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
