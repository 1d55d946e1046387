/** The dock's list of interventions: what is changed in the model, in which order, how much, and whether now. */
import { Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import {
  fromFile,
  OPS,
  readChange,
  TAKES,
  toFile,
  useStack,
  written,
  type Change,
  type Op,
} from "../state/stack";
import "../styles/dock.css";

const RANGES: Partial<Record<Op, [number, number]>> = {
  scale: [-2, 4],
  add: [-10, 10],
  put: [-10, 10],
  noise: [0, 10],
};
const USUAL: Partial<Record<Op, string>> = {
  scale: "0",
  add: "1",
  put: "0",
  noise: "1",
  project_out: "random 1",
};

export function Interventions() {
  const { ops, past, undo, clear } = useStack();
  return (
    <section className="dock-part interventions" aria-labelledby="dock-interventions">
      <h2 id="dock-interventions">Interventions</h2>
      {ops.length === 0 ? (
        <p className="muted note">
          The model runs unchanged. Name a place and an op to change it in every pass.
        </p>
      ) : (
        <ol className="changes">
          {ops.map((change, at) => (
            <Row key={`${at} ${change.site} ${change.op}`} change={change} at={at} last={ops.length - 1} />
          ))}
        </ol>
      )}
      <Add />
      <div className="dock-buttons">
        <Button size="compact-xs" variant="default" onClick={undo} disabled={past.length === 0}>
          Undo
        </Button>
        <Button size="compact-xs" variant="default" onClick={clear} disabled={ops.length === 0}>
          Clear
        </Button>
        <Files />
      </div>
      {ops.some(({ on }) => on) && <Said ops={ops.filter(({ on }) => on)} />}
    </section>
  );
}

function Row({ change, at, last }: { change: Change; at: number; last: number }) {
  const stack = useStack();
  const name = written(change);
  const keys = (event: React.KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] as -1 | 1 | undefined;
    if (!event.altKey || !by) return;
    event.preventDefault();
    stack.move(at, by);
  };
  return (
    <li className={change.on ? "change" : "change off"} onKeyDown={keys}>
      <div className="change-head">
        <Switch
          size="xs"
          checked={change.on}
          aria-label={`Make the change ${name}`}
          onChange={({ currentTarget }) => stack.change(at, { on: currentTarget.checked })}
        />
        <code>{change.site}</code>
        <NativeSelect
          size="xs"
          data={OPS}
          value={change.op}
          aria-label={`Op at ${change.site}`}
          onChange={({ currentTarget }) => {
            const op = currentTarget.value as Op;
            stack.change(at, { op, value: USUAL[op] ?? "" });
          }}
        />
        <Buttons name={name} at={at} last={last} />
      </div>
      {TAKES[change.op] !== "" && <Value change={change} at={at} />}
    </li>
  );
}

function Buttons({ name, at, last }: { name: string; at: number; last: number }) {
  const stack = useStack();
  return (
    <span className="change-buttons">
      <button
        type="button"
        className="quiet"
        aria-label={`Move ${name} up`}
        disabled={at === 0}
        onClick={() => stack.move(at, -1)}
      >
        ↑
      </button>
      <button
        type="button"
        className="quiet"
        aria-label={`Move ${name} down`}
        disabled={at === last}
        onClick={() => stack.move(at, 1)}
      >
        ↓
      </button>
      <button type="button" className="quiet" aria-label={`Remove ${name}`} onClick={() => stack.remove(at)}>
        ×
      </button>
    </span>
  );
}

/** The number as a slider and a field, a direction as its text, whose coefficient the slider moves. */
function Value({ change, at }: { change: Change; at: number }) {
  const { change: set } = useStack();
  const [typed, setTyped] = useState<string | null>(null);
  const [, factor, rest] = /^([-+]?[\d.]+)(\s*\*.*)?$/s.exec(change.value) ?? [];
  const range = RANGES[change.op];
  const number = Number(factor);
  const keep = (text: string) => {
    setTyped(null);
    if (text !== "" && text !== change.value) set(at, { value: text });
  };
  return (
    <div className="change-value">
      {range && factor !== undefined && Number.isFinite(number) && (
        <input
          type="range"
          min={Math.min(range[0], number)}
          max={Math.max(range[1], number)}
          step={0.1}
          value={number}
          aria-label={rest ? `Coefficient at ${change.site}` : `Value at ${change.site}`}
          onChange={({ currentTarget }) => set(at, { value: `${Number(currentTarget.value)}${rest ?? ""}` })}
        />
      )}
      <TextInput
        size="xs"
        className="mono"
        aria-label={`Value of ${change.op} at ${change.site}`}
        value={typed ?? change.value}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        onBlur={({ currentTarget }) => keep(currentTarget.value.trim())}
        onKeyDown={(event) => event.key === "Enter" && keep(event.currentTarget.value.trim())}
      />
    </div>
  );
}

function Add() {
  const { add } = useStack();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const put = (event: React.FormEvent) => {
    event.preventDefault();
    const found = readChange(text) ?? readChange(`${text} scale=0`);
    if (!found) return setWrong("Write a place and an op, such as mlp_act.3.17 scale=0 or z.2.1@-1 mean.");
    add({ ...found, value: found.value || (USUAL[found.op] ?? "") });
    setText("");
    setWrong("");
  };
  return (
    <form className="change-add" onSubmit={put}>
      <TextInput
        size="xs"
        className="mono"
        aria-label="Place and op of a new intervention"
        placeholder="mlp_act.3.17 scale=0"
        value={text}
        error={wrong || null}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      <Button size="compact-xs" variant="default" type="submit" disabled={text.trim() === ""}>
        Add
      </Button>
    </form>
  );
}

function Files() {
  const { ops, load } = useStack();
  const [wrong, setWrong] = useState("");
  const save = () => {
    const url = URL.createObjectURL(new Blob([toFile(ops)], { type: "application/json" }));
    Object.assign(document.createElement("a"), { href: url, download: "interventions.json" }).click();
    URL.revokeObjectURL(url);
  };
  const open = async (file: File | undefined) => {
    if (!file) return;
    try {
      load(fromFile(await file.text()));
      setWrong("");
    } catch (trouble) {
      setWrong((trouble as Error).message);
    }
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={save} disabled={ops.length === 0}>
        Save file
      </Button>
      <label className="file-button">
        Load file
        <input
          type="file"
          accept="application/json,.json"
          aria-label="Load a file of interventions"
          onChange={({ currentTarget }) => {
            void open(currentTarget.files?.[0]);
            currentTarget.value = "";
          }}
        />
      </label>
      {wrong && (
        <p role="alert" className="note">
          {wrong}
        </p>
      )}
    </>
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The same changes at the other doors. */
function Said({ ops }: { ops: readonly Change[] }) {
  const texts = ops.map(written);
  return (
    <details>
      <summary>As Python and command line</summary>
      <pre className="code" tabIndex={0}>
        {`model.under(neuronscope.interventions.read(${JSON.stringify(texts)}))`}
      </pre>
      <pre className="code" tabIndex={0}>
        {texts.map((text) => `--do ${quoted(text)}`).join(" ")}
      </pre>
    </details>
  );
}
