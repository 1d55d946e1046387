/** The same plane at several steps side by side, so that nothing has to be remembered. */
import { useEffect, useRef } from "react";
import { paintPoints } from "../../figures/paintpoints";
import { onScreen } from "../../figures/pointcloud";
import { useWidth } from "../../figures/useWidth";
import { THEMES } from "../../words.gen";
import type { FilmProps } from "./Film";
import { chosenSteps, cloudAt, coloursAt, wayOf } from "./change";

const MOST = 12;
const TALL = 116;

export function Multiples(props: FilmProps) {
  const { change } = props;
  const steps = chosenSteps(change.steps.length, MOST);
  return (
    <div className="multiples-box">
      <ol className="multiples" aria-label="The same at several steps">
        {steps.map((at) => (
          <li key={at}>
            <Small {...props} at={at} />
          </li>
        ))}
      </ol>
      <p className="note muted">
        {steps.length} of {change.steps.length} steps; across {props.xName}, up {props.yName}, as on the left.
      </p>
    </div>
  );
}

function Small({ change, colours, traced, theme, step, onStep, at }: FilmProps & { at: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLButtonElement>(null);
  const width = useWidth(box);
  const size = { width, height: TALL };
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || width === 0) return;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = Math.round(TALL * ratio);
    const { background, hairline } = THEMES[theme];
    const picture = {
      ...cloudAt(change, at),
      frame: change.frame,
      size: { width, height: TALL },
      colours: coloursAt(change, colours, at),
      order: null,
      faint: null,
      radius: change.names.length > 2000 ? 1 : 1.6,
      rim: hairline,
      background,
      faintTone: hairline,
    };
    paintPoints(context, picture, ratio);
  }, [change, colours, theme, at, width]);
  const name = change.steps[at]?.toLocaleString("en-GB");
  return (
    <button
      type="button"
      ref={box}
      className={at === step ? "small current" : "small"}
      aria-label={`Step ${name}`}
      aria-pressed={at === step}
      onClick={() => onStep(at)}
    >
      <canvas ref={canvas} style={{ width, height: TALL }} aria-hidden="true" />
      <svg width={width} height={TALL} aria-hidden="true">
        {traced.map((place) => {
          const way = wayOf(change, place, at).map((corner) => onScreen(change.frame, size, corner));
          const end = way.at(-1);
          return (
            <g key={place} className="way">
              <polyline points={way.map((corner) => corner.join(",")).join(" ")} />
              {end && <circle cx={end[0]} cy={end[1]} r={4} className="point-mark pinned" />}
            </g>
          );
        })}
      </svg>
      <span className="mono">{name}</span>
    </button>
  );
}
