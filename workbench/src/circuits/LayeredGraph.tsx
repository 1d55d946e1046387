/** Nodes by layer, from the bottom up, and links between them: their colour and width say how strong they are. */
import { type KeyboardEvent, type Ref, useMemo, useRef, useState } from "react";
import { domainOf, shareOf, type Domain } from "../colour/domain";
import { css, shade, table } from "../colour/ramp";
import { number } from "../figures/words";
import { useWidth } from "../figures/useWidth";
import { useSelection } from "../state/selection";
import type { Theme } from "../state/theme";
import { THEMES } from "../words.gen";
import { MONO, SANS } from "./drawing";
import { byStrength, type Graph, type GraphLink, type GraphNode, namedBy, nextNode } from "./graph";
import { type Frame, layGraph, pathOf, type PlacedLabel, placeLabels } from "./lay";
import { ReadOut } from "./ReadOut";

export interface LayeredProps {
  graph: Graph;
  /** The links that are drawn, the strongest first. */
  links: readonly GraphLink[];
  label: string;
  /** What the strength of a link is, with its units. */
  measure: string;
  /** What a column stands for; nothing where columns mean nothing. */
  columnName?: string;
  theme: Theme;
  tall: number;
  /** A node beside those that the selection names. */
  chosen?: string | null;
  onChoose: (node: GraphNode | null) => void;
  svg: Ref<SVGSVGElement>;
}

export function LayeredGraph(props: LayeredProps) {
  const { graph, links, label, measure, theme, tall, chosen, onChoose, svg } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [pointed, setPointed] = useState<string | null>(null);
  const { hovered, selected, pins, hover, pin } = useSelection();
  const frame = useMemo(() => layGraph(graph.nodes, width, tall), [graph, width, tall]);
  const domain = useMemo(() => spanOf(graph.links), [graph]);
  const joined = useMemo(() => joinedBy(graph.nodes, links), [graph, links]);
  const { labels, dropped } = useMemo(() => placeLabels(joined, frame), [joined, frame]);
  const named = useMemo(() => namedBy(graph.nodes, selected), [graph, selected]);
  if (chosen) named.add(chosen);
  const seen = pointed ?? [...namedBy(graph.nodes, hovered)][0] ?? [...named][0] ?? null;
  const go = (node: GraphNode | null) => {
    setPointed(node?.id ?? null);
    hover(node?.places ?? null);
  };
  const toggle = (node: GraphNode) => onChoose(named.has(node.id) ? null : node);
  const onKeyDown = keysOf({ graph, from: seen, go, toggle, pin, release: () => onChoose(null) });
  const kept = pins.flatMap((places) => [...namedBy(graph.nodes, places)]);
  return (
    <div className="layered" ref={box}>
      <ReadOut nodes={graph.nodes} links={links} seen={seen} />
      <div
        className="layered-plot"
        role="application"
        aria-roledescription="layered graph"
        aria-label={`${label}. Arrow keys move between nodes, Enter selects one, Shift Enter pins it, Escape lets go.`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onBlur={() => go(null)}
        onPointerLeave={() => go(null)}
        style={{ height: tall }}
        data-seen={seen ?? undefined}
      >
        {width > 0 && (
          <svg ref={svg} width={width} height={tall} viewBox={`0 0 ${width} ${tall}`} aria-hidden="true">
            <Rows frame={frame} nodes={graph.nodes} columnName={props.columnName} theme={theme} />
            <Links {...{ links, frame, domain, theme, seen: pointed }} />
            <Nodes {...{ nodes: graph.nodes, joined, frame, theme, onChoose: toggle, onPoint: go }} />
            <Labels labels={labels} theme={theme} />
            <Marks frame={frame} seen={pointed} named={[...named]} kept={kept} />
            <Legend {...{ frame, domain, theme, measure, unsure: links.some((link) => link.unsure) }} />
          </svg>
        )}
      </div>
      <Dropped count={dropped} />
    </div>
  );
}

function Labels({ labels, theme }: { labels: readonly PlacedLabel[]; theme: Theme }) {
  const { text: ink, background } = THEMES[theme];
  return labels.map(({ id, text, box: { left, top } }) => (
    <text
      key={id}
      x={left + 1}
      y={top + 10}
      fill={ink}
      stroke={background}
      strokeWidth={3}
      paintOrder="stroke"
      fontSize={11}
      fontFamily={MONO}
      data-label={id}
      pointerEvents="none"
    >
      {text}
    </text>
  ));
}

function Dropped({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <p className="note muted" data-dropped={count}>
      {count} {count === 1 ? "label is" : "labels are"} left out for want of room; point at a node to read its
      name.
    </p>
  );
}

interface Keys {
  graph: Graph;
  from: string | null;
  go: (node: GraphNode | null) => void;
  toggle: (node: GraphNode) => void;
  pin: (places: Record<string, number>) => void;
  release: () => void;
}

function keysOf({ graph, from, go, toggle, pin, release }: Keys) {
  return (event: KeyboardEvent) => {
    const here = graph.nodes.find(({ id }) => id === from);
    if (event.key === "Escape") {
      go(null);
      release();
    } else if (event.key === "Enter" && !event.metaKey && !event.ctrlKey) {
      if (!here) return;
      if (event.shiftKey && here.places) pin(here.places);
      else toggle(here);
    } else if (event.key.startsWith("Arrow")) {
      const next = here ? nextNode(graph.nodes, here, event.key) : graph.nodes[0];
      if (next) go(next);
    } else return;
    event.preventDefault();
  };
}

function spanOf(links: readonly GraphLink[]): Domain {
  const strengths = links.map(({ strength }) => strength);
  return domainOf(Math.min(0, ...strengths), Math.max(0, ...strengths));
}

/** Nodes that a drawn link joins, those of the strongest links first. */
function joinedBy(nodes: readonly GraphNode[], links: readonly GraphLink[]): GraphNode[] {
  const order = [...new Set(byStrength(links).flatMap(({ from, to }) => [from, to]))];
  const known = new Map(nodes.map((node) => [node.id, node]));
  return order.flatMap((id) => known.get(id) ?? []);
}

const WIDEST = 6;

function colourOf({ strength, unsure }: GraphLink, domain: Domain, theme: Theme): string {
  if (unsure) return THEMES[theme].veil;
  return css(shade(table(theme, domain.scale), shareOf(strength, domain)));
}

interface LinksProps {
  links: readonly GraphLink[];
  frame: Frame;
  domain: Domain;
  theme: Theme;
  seen: string | null;
}

function Links({ links, frame, domain, theme, seen }: LinksProps) {
  const reach = Math.max(Math.abs(domain.low), Math.abs(domain.high)) || 1;
  return (
    <g fill="none" strokeLinecap="round">
      {links.toReversed().map((link) => {
        const wide = 1 + (WIDEST - 1) * (Math.abs(link.strength) / reach);
        const faded = seen !== null && link.from !== seen && link.to !== seen;
        const d = pathOf(link, frame);
        return (
          <g
            key={`${link.from} ${link.to}`}
            opacity={faded ? 0.15 : 1}
            data-from={link.from}
            data-to={link.to}
            data-strength={link.strength}
            data-unsure={link.unsure}
          >
            {!link.unsure && (
              <path d={d} stroke={THEMES[theme].muted} strokeWidth={wide + 1} opacity={0.45} />
            )}
            <path
              d={d}
              stroke={colourOf(link, domain, theme)}
              strokeWidth={wide}
              strokeDasharray={link.unsure ? "3 6" : undefined}
            />
          </g>
        );
      })}
    </g>
  );
}

interface NodesProps {
  nodes: readonly GraphNode[];
  joined: readonly GraphNode[];
  frame: Frame;
  theme: Theme;
  onChoose: (node: GraphNode) => void;
  onPoint: (node: GraphNode | null) => void;
}

function Nodes({ nodes, joined, frame, theme, onChoose, onPoint }: NodesProps) {
  const { background, hairline, text } = THEMES[theme];
  const busy = new Set(joined.map(({ id }) => id));
  return (
    <g>
      {nodes.map((node) => {
        const middle = frame.at.get(node.id);
        if (!middle) return null;
        const on = busy.has(node.id);
        const r = on ? frame.radius : Math.max(frame.radius - 2, 2);
        const look = { fill: on ? text : hairline, stroke: background, strokeWidth: 1.5 };
        return (
          <g
            key={node.id}
            className="layered-node"
            data-node={node.id}
            onClick={() => onChoose(node)}
            onPointerEnter={() => onPoint(node)}
          >
            <circle cx={middle.x} cy={middle.y} r={Math.max(r + 4, 9)} fill="transparent" stroke="none" />
            {node.sort === "head" || node.sort === "neuron" ? (
              <circle cx={middle.x} cy={middle.y} r={r} {...look} />
            ) : (
              <rect
                x={middle.x - r}
                y={middle.y - r}
                width={2 * r}
                height={2 * r}
                rx={node.sort === "end" ? r / 2 : 0}
                {...look}
              />
            )}
          </g>
        );
      })}
    </g>
  );
}

interface MarksProps {
  frame: Frame;
  seen: string | null;
  named: readonly string[];
  kept: readonly string[];
}

/** What is pointed at, selected and pinned; on screen only. */
function Marks({ frame, seen, named, kept }: MarksProps) {
  const ring = (id: string, word: string, more: number) => {
    const middle = frame.at.get(id);
    if (!middle) return null;
    const r = frame.radius + more;
    return <circle key={`${word} ${id}`} className={`mark ${word}`} cx={middle.x} cy={middle.y} r={r} />;
  };
  return (
    <g className="mark" pointerEvents="none">
      {kept.map((id) => ring(id, "kept", 6))}
      {named.map((id) => ring(id, "named", 3))}
      {seen && ring(seen, "seen", 3)}
    </g>
  );
}

interface RowsProps {
  frame: Frame;
  nodes: readonly GraphNode[];
  columnName: string | undefined;
  theme: Theme;
}

/** The layers at the left, and what the columns are below. */
function Rows({ frame, nodes, columnName, theme }: RowsProps) {
  const { muted, hairline } = THEMES[theme];
  const words = { fill: muted, fontSize: 11, fontFamily: SANS };
  const gap = frame.rows.length > 1 ? Math.abs((frame.rows[0]?.y ?? 0) - (frame.rows[1]?.y ?? 0)) : 99;
  const every = Math.max(Math.ceil(14 / gap), 1);
  const bottom = frame.height - 62;
  const named = frame.rows.filter(({ layer }) =>
    nodes.some((node) => node.layer === layer && node.sort !== "end"),
  );
  const step = (frame.columns[1]?.x ?? 99) - (frame.columns[0]?.x ?? 0);
  const apart = Math.max(Math.ceil(30 / step), 1);
  return (
    <g>
      {frame.rows.map(({ layer, y }) => (
        <line key={layer} x1={48} x2={frame.width - 8} y1={y} y2={y} stroke={hairline} />
      ))}
      {named.map(({ layer, y }, row) =>
        row % every === 0 ? (
          <text key={layer} x={42} y={y + 4} textAnchor="end" {...words}>
            {row === 0 ? `layer ${layer}` : layer}
          </text>
        ) : null,
      )}
      {columnName &&
        frame.columns.map(({ column, x }, place) => {
          const mlp = nodes.find((node) => node.column === column && node.sort !== "end")?.sort === "mlp";
          if (!mlp && place % apart !== 0) return null;
          return (
            <text key={column} x={x} y={bottom} textAnchor="middle" {...words}>
              {mlp ? "MLP" : place === 0 ? `${columnName} ${column}` : column}
            </text>
          );
        })}
    </g>
  );
}

interface LegendProps {
  frame: Frame;
  domain: Domain;
  theme: Theme;
  measure: string;
  unsure: boolean;
}

const BAR = 110;
const STOPS = 8;

function Legend({ frame, domain, theme, measure, unsure }: LegendProps) {
  const { text, muted, veil } = THEMES[theme];
  const lut = table(theme, domain.scale);
  const y = frame.height - 44;
  const words = { fontSize: 11, fontFamily: SANS, fill: muted };
  const [low, high] = [number(domain.low), number(domain.high)];
  const start = 8 + low.length * 7;
  return (
    <g>
      <text x={8} y={y + 24} {...words}>
        {measure}
      </text>
      <text x={8} y={y + 8} {...words} fill={text}>
        {low}
      </text>
      {Array.from({ length: STOPS * 4 }, (_, at) => (
        <rect
          key={at}
          x={start + (BAR * at) / (STOPS * 4)}
          y={y + 1}
          width={BAR / (STOPS * 4) + 0.5}
          height={7}
          fill={css(shade(lut, (at + 0.5) / (STOPS * 4)))}
        />
      ))}
      <text x={start + BAR + 6} y={y + 8} {...words} fill={text}>
        {high}
      </text>
      {unsure && (
        <>
          <line x1={10} x2={36} y1={y + 36} y2={y + 36} stroke={veil} strokeWidth={3} strokeDasharray="3 6" />
          <text x={44} y={y + 40} {...words}>
            not distinguishable from random
          </text>
        </>
      )}
    </g>
  );
}
