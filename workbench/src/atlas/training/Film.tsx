/** The training as a moving picture: one step at a time, played, held or dragged. */
import { Button, SegmentedControl } from "@mantine/core";
import { useEffect, useId, useMemo, useState } from "react";
import { PointCanvas } from "../../figures/PointCanvas";
import type { Frame } from "../../figures/pointcloud";
import { useSelection } from "../../state/selection";
import type { Theme } from "../../state/theme";
import { type Change, cloudAt, coloursAt, wayOf } from "./change";

export interface FilmProps {
  change: Change;
  colours: Uint32Array;
  /** Neurons that leave a trace. */
  traced: readonly number[];
  theme: Theme;
  step: number;
  onStep: (step: number) => void;
  xName: string;
  yName: string;
}

const SPEEDS: Record<string, number> = { slow: 1000, normal: 400, fast: 150 };
const NONE: readonly [] = [];

export function Film(props: FilmProps) {
  const { change, colours, traced, theme, step, onStep } = props;
  const [frame, setFrame] = useState<Frame | null>(null);
  const cloud = useMemo(() => cloudAt(change, step), [change, step]);
  const hover = useSelection((selection) => selection.hover);
  const select = useSelection((selection) => selection.select);
  const pin = useSelection((selection) => selection.pin);
  const hovered = useSelection((selection) => selection.hovered);
  const places = (place: number) => ({ layer: change.layer[place] ?? 0, neuron: change.neuron[place] ?? 0 });
  const under = hovered ? change.names.indexOf(`${hovered.layer}.${hovered.neuron}`) : -1;
  return (
    <div className="film">
      <PointCanvas
        label={`${change.names.length} neurons at step ${change.steps[step]}`}
        cloud={cloud}
        colours={coloursAt(change, colours, step)}
        order={null}
        faint={null}
        marks={[
          ...traced.map((at) => ({ at, as: "pinned" as const })),
          ...(under >= 0 ? [{ at: under, as: "hovered" as const }] : []),
        ]}
        signs={NONE}
        trails={traced.map((place) => ({
          name: change.names[place] ?? "",
          corners: wayOf(change, place, step),
        }))}
        xName={props.xName}
        yName={props.yName}
        ticks
        square={false}
        theme={theme}
        tall={380}
        frame={frame ?? change.frame}
        tool="move"
        outline={null}
        onFrame={setFrame}
        onOutline={() => undefined}
        onHover={(place) => hover(place === null ? null : places(place))}
        onPick={(place, pinned) => (pinned ? pin : select)(places(place))}
      />
      <Player change={change} step={step} onStep={onStep} />
    </div>
  );
}

/** Whether the reader's system asks for less motion. */
export function stillWanted(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

/** Plays the steps one after another until the last. */
function usePlaying(step: number, last: number, pause: number, onStep: (step: number) => void) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => {
      if (step >= last) setPlaying(false);
      else onStep(step + 1);
    }, pause);
    return () => clearTimeout(timer);
  }, [playing, pause, step, last, onStep]);
  return [playing, setPlaying] as const;
}

function Player({ change, step, onStep }: Pick<FilmProps, "change" | "step" | "onStep">) {
  const [speed, setSpeed] = useState("normal");
  const still = stillWanted();
  const last = change.steps.length - 1;
  const slider = useId();
  const [playing, setPlaying] = usePlaying(step, last, SPEEDS[speed] ?? 400, onStep);
  const toggle = () => {
    if (!playing && step >= last) onStep(0);
    setPlaying(!playing);
  };
  return (
    <div className="player">
      <Button
        size="compact-xs"
        variant="default"
        disabled={still}
        title={
          still
            ? "Your system asks for less motion; drag the slider, or read the small multiples."
            : undefined
        }
        onClick={toggle}
      >
        {playing ? "Pause" : "Play"}
      </Button>
      <label htmlFor={slider} className="muted">
        step
      </label>
      <input
        id={slider}
        type="range"
        className="range"
        min={0}
        max={last}
        value={step}
        aria-valuetext={`step ${change.steps[step]}`}
        onChange={(event) => {
          setPlaying(false);
          onStep(Number(event.target.value));
        }}
      />
      <output className="mono slider-value">{change.steps[step]?.toLocaleString("en-GB")}</output>
      <SegmentedControl
        size="xs"
        aria-label="Speed"
        data={Object.keys(SPEEDS)}
        value={speed}
        onChange={setSpeed}
        disabled={still}
      />
    </div>
  );
}
