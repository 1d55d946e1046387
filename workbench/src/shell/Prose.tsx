/** Documentation text as it is written in Python: paragraphs, and code between double backticks. */

/** Paragraphs of a text, each a list of plain and code parts. */
export function paragraphs(text: string): { text: string; code: boolean }[][] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, " ").trim())
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) =>
      paragraph
        .split(/(``[^`]+``)/)
        .filter((part) => part !== "")
        .map((part) => ({ text: part.replaceAll("``", ""), code: part.startsWith("``") })),
    );
}

export function Prose({ text }: { text: string }) {
  return paragraphs(text).map((parts, index) => (
    <p key={index}>
      {parts.map((part, place) => (part.code ? <code key={place}>{part.text}</code> : part.text))}
    </p>
  ));
}
