/** The map of all neurons: one point a neuron, coloured by any measure, with what is selected in it. */
import { ActionIcon, Button, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { useMemo, useState } from "react";
import { useStored } from "../api/queries";
import type { Result } from "../api/shapes";
import { ColourScale } from "../figures/ColourScale";
import { PointCanvas, type Tool } from "../figures/PointCanvas";
import type { Cloud } from "../figures/pointcloud";
import type { Mark } from "../figures/PointMarks";
import { inWords, number, valueTitle } from "../figures/words";
import { ProgressLine } from "../result/AnswerPanel";
import { ExportItems } from "../result/ExportItems";
import type { Answered } from "../result/useAnswered";
import { Complaint, Empty, Panel, useTall } from "../shell/Panel";
import { type Query, usePage } from "../state/page";
import { useSelection } from "../state/selection";
import { useTheme } from "../state/theme";
import { methodOf, METHODS, readFrame, readOutline, writeFrame, writeOutline } from "./address";
import { nameOf, type Neurons } from "./neurons";
import { FEATURES, MAP, QUERY, SOURCES, STORED } from "./sources";
import type { Coloured } from "./useColouring";

interface MapProps {
  answered: Answered;
  neurons: Neurons | null;
  cloud: Cloud | null;
  coloured: Coloured;
  kept: Uint8Array | null;
}

const TITLES: Record<string, string> = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };

export function AtlasMap({ answered, neurons, cloud, coloured, kept }: MapProps) {
  const { query, set } = usePage();
  const { result, phase, failure, progress, stop, again } = answered;
  const method = methodOf(query);
  return (
    <Panel
      id="map"
      title="All neurons"
      reading={result ? result.variables[0]?.meaning : "neurons that do alike lie near each other"}
      className="atlas-map"
      actions={method && <MapChoices query={query} />}
      menu={result && <ExportItems result={result} />}
    >
      {!method && (
        <Empty
          button={
            <Button
              variant="default"
              onClick={() => set({ map: "pca" }, { push: true })}
              disabled={!query.model}
            >
              Place the neurons
            </Button>
          }
        >
          The atlas puts every neuron of {query.model || "a model"} on one map, by what it does on text.
        </Empty>
      )}
      {phase === "failed" && failure && <Complaint>{failure.message}</Complaint>}
      {phase === "asking" && (
        <div className="going">
          <ProgressLine progress={progress} />
          <Button size="compact-xs" variant="default" onClick={stop}>
            Cancel
          </Button>
        </div>
      )}
      {phase === "cancelled" && (
        <Button size="compact-xs" variant="default" onClick={again}>
          Ask again
        </Button>
      )}
      {method && phase === "asking" && !cloud && <div className="skeleton" style={{ height: 480 }} />}
      {method && neurons && cloud && result && (
        <Points result={result} neurons={neurons} cloud={cloud} coloured={coloured} kept={kept} />
      )}
    </Panel>
  );
}

function MapChoices({ query }: { query: Query }) {
  const { set } = usePage();
  return (
    <>
      <Select
        size="xs"
        className="atlas-choice"
        aria-label="What describes a neuron"
        data={FEATURES.map(({ value, label }) => ({ value, label }))}
        value={query.features ?? "activations"}
        allowDeselect={false}
        onChange={(features) =>
          set({ features: features === "activations" ? null : features, frame: null, region: null })
        }
      />
      <SegmentedControl
        size="xs"
        aria-label="How neurons are placed"
        data={METHODS.map((value) => ({ value, label: TITLES[value] ?? value }))}
        value={query.map ?? ""}
        onChange={(map) => set({ map, frame: null, region: null })}
      />
    </>
  );
}

const NO_STORED = { value: "", label: "nothing stored has neurons", disabled: true };
/** Wings whose answers may have a number for each neuron. */
const ABOUT_NEURONS = /neuron|polysem|superpos|reverse_query|direct|attribution|dead/;

function ColourChoices({ coloured }: { coloured: Coloured }) {
  const { query, set } = usePage();
  const { data: stored } = useStored(true);
  const entries = (stored ?? [])
    .filter(({ analysis, title }) => ABOUT_NEURONS.test(analysis) && title.includes(query.model ?? ""))
    .slice(0, 50)
    .map(({ digest, title }) => ({ value: `${STORED}${digest}`, label: title }));
  const { source, measures, variable } = coloured;
  if (source.startsWith(STORED) && !entries.some(({ value }) => value === source))
    entries.unshift({ value: source, label: source.slice(STORED.length) });
  return (
    <div className="atlas-colours">
      <span className="muted">Colour by</span>
      <Select
        size="xs"
        className="atlas-choice"
        aria-label="What colours the neurons"
        comboboxProps={{ width: 320, position: "bottom-start" }}
        data={[
          { group: "about this model", items: [{ value: MAP, label: "the map’s own" }, ...sourceItems()] },
          { group: "stored results", items: entries.length ? entries : [NO_STORED] },
        ]}
        value={source}
        allowDeselect={false}
        onChange={(by) => set({ by: by === MAP ? null : by, measure: null })}
      />
      {measures.length > 0 && (
        <Select
          size="xs"
          className="atlas-choice"
          aria-label="Measure"
          data={measures.map(({ name }) => ({ value: name, label: inWords(name) }))}
          value={variable?.name ?? null}
          allowDeselect={false}
          onChange={(measure) => set({ measure })}
        />
      )}
      {!coloured.grouped && coloured.domain && (
        <SegmentedControl
          size="xs"
          aria-label="What the colours span"
          data={[
            { value: "clip", label: "99 %" },
            { value: "all", label: "whole" },
          ]}
          value={query.span ?? "clip"}
          onChange={(span) => set({ span: span === "clip" ? null : span })}
        />
      )}
    </div>
  );
}

function sourceItems() {
  return [
    ...SOURCES.map(({ id, label }) => ({ value: id, label })),
    { value: QUERY, label: "the first query" },
  ];
}

const TOOLS: readonly { value: Tool; label: string }[] = [
  { value: "move", label: "move" },
  { value: "box", label: "box" },
  { value: "lasso", label: "lasso" },
];

/** Width of a window in pixels below which the map is as high as it is wide. */
const NARROW = 560;

type PointsProps = Omit<MapProps, "answered" | "neurons" | "cloud"> & {
  result: Result;
  neurons: Neurons;
  cloud: Cloud;
};

function Points({ result, neurons, cloud, coloured, kept }: PointsProps) {
  const { query, set } = usePage();
  const theme = useTheme();
  const tall = useTall(globalThis.innerWidth < NARROW ? 340 : 500);
  const [tool, setTool] = useState<Tool>("move");
  const hover = useSelection((selection) => selection.hover);
  const select = useSelection((selection) => selection.select);
  const pin = useSelection((selection) => selection.pin);
  const marks = useMarks(neurons);
  const frame = useMemo(() => readFrame(query.frame), [query.frame]);
  const outline = useMemo(() => readOutline(query.region), [query.region]);
  const faint = useMemo(() => kept && kept.map((one) => 1 - one), [kept]);
  const placesOf = (point: number) => ({
    layer: neurons.layer[point] as number,
    neuron: neurons.neuron[point] as number,
  });
  const { colouring } = coloured;
  return (
    <>
      <div className="atlas-bar">
        <ColourChoices coloured={coloured} />
        <SegmentedControl
          size="xs"
          aria-label="What dragging does"
          data={[...TOOLS]}
          value={tool}
          onChange={(next) => setTool(next as Tool)}
        />
        <Zoom onAll={() => set({ frame: null })} moved={frame !== null} />
      </div>
      <Remarks coloured={coloured} />
      <PointCanvas
        label={`Map of ${neurons.names.length} neurons`}
        cloud={cloud}
        colours={colouring?.colours ?? plainly(neurons.names.length)}
        order={colouring?.order ?? null}
        faint={faint}
        marks={marks}
        signs={coloured.signs}
        trails={[]}
        xName={axisName(result, 0)}
        yName={axisName(result, 1)}
        ticks={false}
        square
        theme={theme}
        tall={tall}
        frame={frame}
        tool={tool}
        outline={outline}
        onFrame={(next) => set({ frame: writeFrame(next) })}
        onOutline={(next) => set({ region: writeOutline(next) })}
        onHover={(point) => hover(point === null ? null : placesOf(point))}
        onPick={(point, pinned) => (pinned ? pin : select)(placesOf(point))}
      />
      <Foot result={result} neurons={neurons} coloured={coloured} kept={kept} />
    </>
  );
}

/** What a reader should know of the colours before looking at them. */
function Remarks({ coloured: { missing, answered } }: Pick<MapProps, "coloured">) {
  const { query } = usePage();
  return (
    <>
      {missing && <p className="note muted">{missing}</p>}
      {query.do && (
        <p className="note muted">
          The map and its measures are of the model as it is, without the interventions.
        </p>
      )}
      {answered.phase === "failed" && answered.failure && <Complaint>{answered.failure.message}</Complaint>}
      {answered.phase === "asking" && <ProgressLine progress={answered.progress} />}
    </>
  );
}

const plains = new Map<number, Uint32Array>();

/** One grey for every point, while no colours are known. */
function plainly(count: number): Uint32Array {
  const made = plains.get(count) ?? new Uint32Array(count).fill(0x808992);
  plains.set(count, made);
  return made;
}

function Zoom({ onAll, moved }: { onAll: () => void; moved: boolean }) {
  return (
    <Tooltip label="Show all (0)">
      <ActionIcon size="sm" variant="default" aria-label="Show all neurons" disabled={!moved} onClick={onAll}>
        ⤢
      </ActionIcon>
    </Tooltip>
  );
}

function useMarks(neurons: Neurons): Mark[] {
  const { hovered, selected, pins } = useSelection();
  return useMemo(() => {
    const mark = (places: Record<string, number> | null, as: Mark["as"]): Mark[] => {
      if (places?.layer === undefined || places.neuron === undefined) return [];
      const at = neurons.place.get(nameOf(places.layer, places.neuron));
      return at === undefined ? [] : [{ at, as }];
    };
    return [
      ...mark(hovered, "hovered"),
      ...pins.flatMap((one) => mark(one, "pinned")),
      ...mark(selected, "selected"),
    ];
  }, [neurons, hovered, selected, pins]);
}

function axisName(result: Result, component: number): string {
  if (result.attrs.method === "pca") return `component ${component + 1}`;
  return `${TITLES[String(result.attrs.method)] ?? "map"} ${component + 1}, no units`;
}

/** What is under the pointer, the legend, how many are shown of how many. */
function Foot({ result, neurons, coloured, kept }: Omit<PointsProps, "cloud">) {
  const theme = useTheme();
  const hovered = useSelection((selection) => selection.hovered ?? selection.selected);
  const { variable, measured, colouring, domain, grouped } = coloured;
  const at =
    hovered?.layer === undefined || hovered.neuron === undefined
      ? undefined
      : neurons.place.get(nameOf(hovered.layer, hovered.neuron));
  const value = at === undefined ? undefined : measured?.values[at];
  const title = variable ? valueTitle(variable) : "";
  const count = kept?.reduce((sum, one) => sum + one, 0);
  return (
    <div className="atlas-foot">
      <p className="read-out" aria-live="polite">
        {at === undefined ? (
          <span className="muted">Point at a neuron to read it.</span>
        ) : (
          <>
            <b className="mono">mlp_act.{neurons.names[at]}</b>
            {value !== undefined && (
              <span>
                {title}: <b>{grouped && value < 0 ? "none" : number(value)}</b>
                {measured?.p ? `, p ${number(measured.p[at])}` : ""}
              </span>
            )}
          </>
        )}
      </p>
      {domain && <ColourScale title={title} domain={domain} theme={theme} value={value} />}
      <p className="note muted atlas-counts">
        {count === undefined ? "" : `Kept ${count} of ${neurons.names.length}; the others are faint. `}
        {colouring && colouring.unsure > 0
          ? `Grey: ${colouring.unsure} of ${neurons.names.length} not distinguishable from random (${measured?.by}). `
          : ""}
        {colouring && colouring.missing > 0 ? `${colouring.missing} without a value. ` : ""}
        {domain ? "Where points overlap the strongest lies on top." : ""}
        <span className="atlas-n">
          {neurons.names.length} neurons
          {typeof result.attrs.n === "number" ? `, n = ${result.attrs.n} ${result.attrs.n_unit}` : ""}
        </span>
      </p>
    </div>
  );
}
