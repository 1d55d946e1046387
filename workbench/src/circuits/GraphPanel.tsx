/** A layered graph with its threshold, the table behind it, and the files that it leaves as. */
import { Menu } from "@mantine/core";
import { type ReactNode, useMemo, useRef } from "react";
import { number } from "../figures/words";
import { useView } from "../result/view";
import { Panel, useTall } from "../shell/Panel";
import { usePage } from "../state/page";
import { useTheme } from "../state/theme";
import { THEMES } from "../words.gen";
import { download, pictured, standalone } from "./drawing";
import {
  type Graph,
  type GraphLink,
  type GraphNode,
  keptInWords,
  linksAsCsv,
  linksFrom,
  MOST,
  roundedDown,
  thresholdOf,
} from "./graph";
import { LayeredGraph } from "./LayeredGraph";

interface GraphPanelProps {
  id: string;
  title: string;
  reading: string;
  /** What the strength of a link is, with its units. */
  measure: string;
  /** What the diagram is of, for its file. */
  about: string;
  columnName?: string;
  graph: Graph | null;
  /** What stands there while there is no graph. */
  empty: ReactNode;
  chosen?: string | null;
  onChoose: (node: GraphNode | null) => void;
  actions?: ReactNode;
  children?: ReactNode;
}

export function GraphPanel(props: GraphPanelProps) {
  const { id, title, reading, measure, about, graph, empty, actions, children } = props;
  const { query } = usePage();
  const theme = useTheme();
  const svg = useRef<SVGSVGElement>(null);
  const threshold = useMemo(() => thresholdOf(graph?.links ?? [], query.above), [graph, query.above]);
  const kept = useMemo(() => linksFrom(graph?.links ?? [], threshold), [graph, threshold]);
  const links = useMemo(() => kept.slice(0, MOST), [kept]);
  const words = keptInWords(kept.length, graph?.links.length ?? 0, number(threshold));
  const save = async (kind: "svg" | "png" | "csv") => {
    if (kind === "csv") return download(new Blob([linksAsCsv(kept)], { type: "text/csv" }), `${id}.csv`);
    if (!svg.current) return undefined;
    const { background: paper, text: ink, muted } = THEMES[theme];
    const note = `${about}. ${words} Strength: ${measure}.`;
    const text = standalone(svg.current, { title, note, paper, ink, muted });
    const whole = kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : await pictured(text);
    return download(whole, `${id}.${kind}`);
  };
  return (
    <Panel
      id={id}
      title={title}
      reading={reading}
      className="graph-panel"
      actions={actions}
      menu={graph && <Files onSave={(kind) => void save(kind)} />}
    >
      {graph ? (
        <>
          <Threshold links={graph.links} threshold={threshold} words={words} />
          {kept.length > links.length && (
            <p className="note muted">The strongest {MOST} of these are drawn.</p>
          )}
          <Body {...props} graph={graph} kept={kept} links={links} svg={svg} />
        </>
      ) : (
        empty
      )}
      {children}
    </Panel>
  );
}

interface BodyProps extends Omit<GraphPanelProps, "graph"> {
  graph: Graph;
  kept: readonly GraphLink[];
  links: readonly GraphLink[];
  svg: React.Ref<SVGSVGElement>;
}

/** The drawing, or the table behind it. */
function Body({ title, measure, columnName, graph, kept, links, chosen, onChoose, svg }: BodyProps) {
  const [{ table }, look] = useView(".diagram");
  const theme = useTheme();
  const tall = useTall(480);
  const shown = { graph, links, measure, columnName, theme, tall, chosen, onChoose, svg };
  return (
    <>
      {table ? (
        <LinkTable label={title} links={kept} measure={measure} />
      ) : (
        <LayeredGraph label={title} {...shown} />
      )}
      <footer className="figure-foot">
        <span>
          {graph.nodes.length} nodes, {graph.links.length} links
        </span>
        {graph.links.some(({ unsure }) => unsure) && (
          <span>
            {kept.filter(({ unsure }) => unsure).length} of {kept.length} not distinguishable from random
          </span>
        )}
        <button type="button" className="text-button" onClick={() => look({ table: !table })}>
          {table ? "Drawing" : "Table"}
        </button>
      </footer>
    </>
  );
}

const STEPS = 200;

interface ThresholdProps {
  links: readonly GraphLink[];
  threshold: number;
  words: string;
}

/** How strong a link must be to be drawn, and how many are. */
function Threshold({ links, threshold, words }: ThresholdProps) {
  const { set } = usePage();
  const most = Math.max(...links.map(({ strength }) => Math.abs(strength)), 0);
  // Squared, so that the many weak links do not crowd the slider's end.
  const at = most > 0 ? Math.round(STEPS * Math.sqrt(Math.min(threshold / most, 1))) : 0;
  const move = (step: number) => set({ above: String(roundedDown(most * (step / STEPS) ** 2)) });
  return (
    <div className="threshold">
      <label>
        Links from{" "}
        <input
          type="range"
          className="range"
          min={0}
          max={STEPS}
          value={at}
          aria-valuetext={words}
          onChange={(event) => move(Number(event.currentTarget.value))}
        />
        <span className="mono">{number(threshold)}</span>
      </label>
      <p className="note" aria-live="polite" data-kept>
        {words}
      </p>
    </div>
  );
}

const ROWS = 300;

function LinkTable({
  label,
  links,
  measure,
}: {
  label: string;
  links: readonly GraphLink[];
  measure: string;
}) {
  return (
    <div className="table-scroll link-table" tabIndex={0} role="region" aria-label={`Links of ${label}`}>
      {links.length > ROWS && (
        <p className="note">
          The strongest {ROWS} of {links.length} links; export the table for all.
        </p>
      )}
      <table className="data">
        <caption>{measure}</caption>
        <thead>
          <tr>
            {["From", "To", "Strength", "How sure"].map((word) => (
              <th key={word} scope="col">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {links.slice(0, ROWS).map(({ from, to, strength, unsure, evidence }) => (
            <tr key={`${from} ${to}`} className={unsure ? "muted" : ""}>
              <th scope="row">{from}</th>
              <td>{to}</td>
              <td data-value={strength}>{number(strength)}</td>
              <td>
                {[evidence, unsure ? "not distinguishable from random" : ""].filter(Boolean).join("; ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Files({ onSave }: { onSave: (kind: "svg" | "png" | "csv") => void }) {
  const kinds = [
    ["svg", "Export SVG"],
    ["png", "Export PNG"],
    ["csv", "Export links as CSV"],
  ] as const;
  return (
    <>
      {kinds.map(([kind, words]) => (
        <Menu.Item key={kind} onClick={() => onSave(kind)}>
          {words}
        </Menu.Item>
      ))}
    </>
  );
}
