/** Any selected cell is an experiment: patch, ablate or steer it, and see the effect beside it. */
import { Button, NumberInput } from "@mantine/core";
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { values } from "../api/queries";
import type { Result, Selection } from "../api/shapes";
import { useAnswered } from "../result/useAnswered";
import { PageLink } from "../shell/PageLink";
import { readChange, useStack } from "../state/stack";
import {
  addressOf,
  alikeAlong,
  changeOf,
  distinguished,
  indicesOf,
  KINDS,
  patchedAt,
  questionOf,
  reading,
  useExperiment,
  type Context,
  type Found,
  type Kind,
} from "./experiment";
import "../styles/dock.css";

interface ExperimentProps {
  place: Selection;
  /** The result that the cell is of, whose labels say which unit an index is. */
  result: Result | null;
  context: Context;
  /** What the variable says of its cells, such as `z.{layer}.{head}`. */
  template?: string;
}

export function Experiment({ place, result, context, template }: ExperimentProps) {
  const { kind, start } = useExperiment();
  const [strength, setStrength] = useState(2);
  const { add } = useStack();
  const address = addressOf(place, result, template);
  if (!address) return <p className="muted note">This cell is no place in the model.</p>;
  const question = kind ? questionOf(kind, address, context, strength) : null;
  const put = (chosen: Kind) => {
    const change = readChange(changeOf(chosen, address, strength, context));
    if (change) add(change);
  };
  return (
    <div className="experiment" aria-label={`Experiments at ${address}`} role="group">
      <p>
        <code>{address}</code>
      </p>
      <div className="experiment-buttons">
        {KINDS.map(({ kind: one, key, label }) => (
          <Button
            key={one}
            size="compact-xs"
            variant="default"
            aria-pressed={kind === one}
            aria-keyshortcuts={key}
            onClick={() => start(one)}
          >
            {label} <kbd>{key}</kbd>
          </Button>
        ))}
        <NumberInput
          size="xs"
          w={84}
          step={0.5}
          value={strength}
          aria-label="Coefficient of steering"
          onChange={(value) => setStrength(Number(value) || 0)}
        />
      </div>
      {kind === "steer" && question !== null && typeof question !== "string" && (
        <p className="note muted">
          <code>{changeOf(kind, address, strength, context)}</code>
          {!context.target && !/^\w+\.\d+\.\d+/.test(address) && " · name a target to steer towards it"}
        </p>
      )}
      {typeof question === "string" && <p className="note">{question}</p>}
      {kind && question !== null && typeof question !== "string" && (
        <Answer kind={kind} address={address} question={question} />
      )}
      {(kind === "ablate" || kind === "steer") && (
        <Button size="compact-xs" variant="default" onClick={() => put(kind)}>
          Add to interventions
        </Button>
      )}
    </div>
  );
}

interface AnswerProps {
  kind: Kind;
  address: string;
  question: Exclude<ReturnType<typeof questionOf>, string>;
}

function Answer({ kind, address, question }: AnswerProps) {
  const { result, answered, phase, progress, failure, stop } = useAnswered(question);
  const own = result && answered === question ? result : phase === "done" ? result : null;
  const { data: found } = useQuery({
    queryKey: ["experiment", kind, address, own?.digest],
    queryFn: ({ signal }) => foundIn(own as Result, kind, address, signal),
    enabled: own !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div className="experiment-answer" aria-live="polite">
      {phase === "asking" && (
        <p className="muted note">
          {progress ? `${progress.what} ${progress.done}` : "Running"}{" "}
          <Button size="compact-xs" variant="default" onClick={stop}>
            Cancel
          </Button>
        </p>
      )}
      {failure && (
        <p role="alert" className="note">
          {failure.message}
        </p>
      )}
      {own && found && (
        <>
          <p>
            {kind === "patch" ? "Answer restored (1 = clean): " : "Change of the logit difference: "}
            <strong>{reading(found)}</strong>
            {!distinguished(found) && <span className="muted"> · not distinguishable from random</span>}
          </p>
          <Drawing found={found} />
          <PageLink to="/results" query={{ result: own.digest }}>
            Stored as {own.digest.slice(0, 8)}
          </PageLink>
        </>
      )}
    </div>
  );
}

/** Reads what is drawn off a stored answer. */
async function foundIn(result: Result, kind: Kind, address: string, signal: AbortSignal): Promise<Found> {
  const has = (name: string) => result.variables.some((variable) => variable.name === name);
  const first: Selection =
    kind === "patch"
      ? { direction: 0, ...indicesOf(patchedAt(address)?.labels ?? {}, result) }
      : { measure: 0 };
  const number = async (name: string) =>
    has(name) ? ((await values(result.digest, name, first, signal)).values as number) : undefined;
  const [effect, low, high, p] = await Promise.all(["effect", "low", "high", "p"].map(number));
  const known = { effect: effect ?? Number.NaN, ...(p === undefined ? {} : { p }) };
  if (low !== undefined && high !== undefined) return { ...known, low, high };
  if (kind === "patch") return { ...known, ...(await alike(result, address, first, signal)) };
  if (!has("null")) return known;
  return { ...known, drawn: (await values(result.digest, "null", first, signal)).values as number[] };
}

/** What the same patch does in the other units, or at the other depths, of the map. */
async function alike(result: Result, address: string, first: Selection, signal: AbortSignal) {
  const along = alikeAlong(address);
  if (!along) return {};
  const { [along.axis]: own, ...fixed } = first;
  const all = (await values(result.digest, "effect", fixed, signal)).values as (number | null)[];
  const drawn = all.filter((one, index): one is number => index !== own && one !== null);
  return drawn.length > 0 ? { drawn, among: along.among } : {};
}

const WIDTH = 280;
const HEIGHT = 56;

/** The effect as a line on an axis with 0 marked, random changes as dots, its interval as a bar. */
function Drawing({ found }: { found: Found }) {
  const { effect, low, high, drawn = [] } = found;
  const ends = [0, effect, low ?? 0, high ?? 0, ...drawn].filter(Number.isFinite);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const span = most - least || 1;
  const x = (value: number) => 8 + ((value - least) / span) * (WIDTH - 16);
  const sure = distinguished(found) ? "effect" : "effect unsure";
  return (
    <svg
      className="experiment-drawing"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={reading(found)}
    >
      <line className="axis" x1={8} x2={WIDTH - 8} y1={36} y2={36} />
      <line className="axis" x1={x(0)} x2={x(0)} y1={6} y2={40} />
      {drawn.map((value, at) => (
        <circle key={at} className="null" cx={x(value)} cy={30 - (at % 5) * 4} r={2} />
      ))}
      {low !== undefined && high !== undefined && (
        <line className={sure} x1={x(low)} x2={x(high)} y1={22} y2={22} />
      )}
      <line className={sure} x1={x(effect)} x2={x(effect)} y1={8} y2={36} />
      <text x={x(0)} y={52} textAnchor="middle">
        0
      </text>
      <text x={x(effect)} y={52} textAnchor={x(effect) > WIDTH / 2 ? "end" : "start"}>
        {effect.toPrecision(3)}
      </text>
    </svg>
  );
}
