/** What is done with a stream: write, hold, go on, end; move along it, play it again. */
import { Button, NativeSelect, NumberInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { PauseIcon, PlayIcon } from "../shell/icons";
import { usePage } from "../state/page";
import { DETAILS, readSettings, type Settings, writeSettings } from "./settings";
import { isLive, newest, useStream } from "./stream";

const SPEEDS = [1, 2, 4, 8, 16, 32];

interface ControlsProps {
  /** Why nothing can be written now; null where it can. */
  missing: string | null;
  /** Writes; held before the first token where it is to go token by token. */
  onWrite: (held: boolean) => void;
  onSteer: (() => void) | null;
}

export function StreamControls({ missing, onWrite, onSteer }: ControlsProps) {
  const { phase, pause, resume, step, stop } = useStream();
  const live = isLive(phase);
  return (
    <div className="stream-controls" role="group" aria-label="Stream">
      {live ? (
        <>
          {phase === "paused" ? (
            <Button size="compact-sm" className="primary" onClick={resume} leftSection={<PlayIcon />}>
              Go on
            </Button>
          ) : (
            <Button size="compact-sm" className="primary" onClick={pause} leftSection={<PauseIcon />}>
              Pause
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            data-disabled={phase !== "paused" || undefined}
            aria-disabled={phase !== "paused"}
            onClick={() => phase === "paused" && step()}
          >
            One token
          </Button>
          <Button size="compact-sm" variant="default" onClick={stop}>
            Stop
          </Button>
          {onSteer && (
            <Button size="compact-sm" variant="default" onClick={onSteer}>
              Steer by the stack
            </Button>
          )}
        </>
      ) : (
        <>
          <Button
            size="compact-sm"
            className="primary"
            onClick={() => onWrite(false)}
            disabled={missing !== null}
            title={missing ?? undefined}
            leftSection={<PlayIcon />}
          >
            Write
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onWrite(true)}
            disabled={missing !== null}
          >
            Token by token
          </Button>
        </>
      )}
      <Status />
    </div>
  );
}

function Status() {
  const { phase, tapes } = useStream();
  const written = tapes.reduce((sum, { tokens }) => sum + tokens.filter((token) => token.written).length, 0);
  const words = {
    idle: "",
    waiting: "Waiting for the model",
    running: `Writing, ${written} so far`,
    paused: `Paused after ${written}`,
    ended: tapes.some(({ failure }) => failure) ? "" : endOf(tapes[0]?.end?.reason, written),
  }[phase];
  return (
    <span className="muted note" role="status" data-phase={phase}>
      {words}
    </span>
  );
}

function endOf(reason: string | undefined, written: number): string {
  const count = `${written} ${written === 1 ? "token" : "tokens"} written`;
  if (reason === "stopped") return `${count}, then stopped`;
  return reason === "stop" ? `${count}, to the model's own end` : count;
}

/** The place in the text, and how it is played again. */
export function Scrubber() {
  const { tapes, cursor, playing, speed, loop, phase, seek, play, look } = useStream();
  const last = newest(tapes);
  if (last < 0) return null;
  const live = isLive(phase);
  return (
    <div className="stream-scrubber" role="group" aria-label="Place in the text">
      {!live && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => play(!playing)}
          leftSection={playing ? <PauseIcon /> : <PlayIcon />}
        >
          {playing ? "Hold" : "Play"}
        </Button>
      )}
      <input
        type="range"
        min={0}
        max={last}
        value={Math.min(cursor, last)}
        aria-label="Token"
        aria-valuetext={`token ${cursor} of ${last}: ${tapes[0]?.tokens[cursor]?.text ?? ""}`}
        onChange={({ target }) => seek(Number(target.value))}
      />
      <span className="mono note">
        {cursor} / {last}
      </span>
      {live ? (
        <Check label="Follow" checked={playing} onCheck={(on) => seek(on ? last : cursor)} />
      ) : (
        <>
          <NativeSelect
            size="xs"
            aria-label="Tokens a second"
            value={String(speed)}
            data={SPEEDS.map((value) => ({ value: String(value), label: `${value} a second` }))}
            onChange={({ currentTarget }) => look({ speed: Number(currentTarget.value) })}
          />
          <Check label="Loop" checked={loop} onCheck={(on) => look({ loop: on })} />
        </>
      )}
    </div>
  );
}

/** How the next stream is asked for. */
export function StreamSettings({ stacked }: { stacked: boolean }) {
  const { query, set } = usePage();
  const settings = readSettings(query);
  const change = (part: Partial<Settings>) => set(writeSettings(part));
  return (
    <details className="stream-settings">
      <summary>How it writes</summary>
      <div className="stream-fields">
        <Field
          label="Tokens"
          name="n_tokens"
          min={1}
          max={4096}
          value={settings.n_tokens}
          onChange={change}
        />
        <Field
          label="Temperature"
          name="temperature"
          min={0}
          max={10}
          step={0.1}
          value={settings.temperature}
          onChange={change}
        />
        <Field label="Seed" name="seed" min={0} max={2 ** 32 - 1} value={settings.seed} onChange={change} />
        <NativeSelect
          size="xs"
          label="Activations"
          value={settings.detail}
          data={DETAILS.map((value) => ({
            value,
            label: { top: "32 strongest a layer" }[value as "top"] ?? value,
          }))}
          onChange={({ currentTarget }) => change({ detail: currentTarget.value as Settings["detail"] })}
        />
        {(
          [
            ["patterns", "Attention too"],
            ["record", "Keep as a result"],
            ...(stacked ? [["both", "Also without the interventions"] as const] : []),
          ] as const
        ).map(([name, label]) => (
          <Check key={name} label={label} checked={settings[name]} onCheck={(on) => change({ [name]: on })} />
        ))}
      </div>
    </details>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onCheck: (on: boolean) => void;
}

function Check({ label, checked, onCheck }: CheckProps) {
  return (
    <label className="stream-check">
      <input type="checkbox" checked={checked} onChange={({ target }) => onCheck(target.checked)} />
      {label}
    </label>
  );
}

interface FieldProps {
  label: string;
  name: "n_tokens" | "temperature" | "seed";
  min: number;
  max: number;
  step?: number;
  value: number;
  onChange: (part: Partial<Settings>) => void;
}

function Field({ label, name, value, onChange, ...limits }: FieldProps) {
  const [typed, setTyped] = useState<number | string>(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <NumberInput
      size="xs"
      label={label}
      value={typed}
      clampBehavior="blur"
      {...limits}
      onChange={(given) => {
        setTyped(given);
        if (typeof given === "number") onChange({ [name]: given });
      }}
    />
  );
}
