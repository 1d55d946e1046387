/** What is under the cursor of a diagram: a node, and the strongest links that enter and leave it. */
import { number } from "../figures/words";
import { byStrength, type GraphLink, type GraphNode } from "./graph";

const FEW = 3;

interface ReadOutProps {
  nodes: readonly GraphNode[];
  links: readonly GraphLink[];
  seen: string | null;
}

export function ReadOut({ nodes, links, seen }: ReadOutProps) {
  const node = nodes.find(({ id }) => id === seen);
  if (!node)
    return <p className="read-out muted">Point at a node, or move between nodes with the arrow keys.</p>;
  const into = byStrength(links.filter(({ to }) => to === node.id));
  const out = byStrength(links.filter(({ from }) => from === node.id));
  return (
    <p className="read-out" aria-live="polite">
      <b className="mono">{node.id}</b>
      {into.length > 0 && <Some word="from" links={into} end="from" />}
      {out.length > 0 && <Some word="to" links={out} end="to" />}
      {into.length + out.length === 0 && <span className="muted">no link drawn</span>}
    </p>
  );
}

function Some({ word, links, end }: { word: string; links: readonly GraphLink[]; end: "from" | "to" }) {
  const shown = links.slice(0, FEW).map((link) => `${link[end]} ${number(link.strength)}`);
  const more = links.length > FEW ? ` and ${links.length - FEW} more` : "";
  return (
    <span>
      {word} <span className="mono">{shown.join(", ")}</span>
      {more}
    </span>
  );
}
