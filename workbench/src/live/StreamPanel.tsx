/** Watch a model write: every token as it comes, what was expected next, and which neurons were bright. */
import { Button, Menu, NativeSelect, SegmentedControl } from "@mantine/core";
import { useRef, useState } from "react";
import { ask } from "../api/ask";
import { failureOf } from "../api/client";
import { useStored } from "../api/queries";
import { PageLink } from "../shell/PageLink";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import "../styles/live.css";
import { LayerStrip } from "./LayerStrip";
import { Moment } from "./Moment";
import { readSettings, requestsOf } from "./settings";
import { StreamControls, StreamSettings, Scrubber } from "./StreamControls";
import { StreamTokens } from "./StreamTokens";
import { isLive, type Side, useStream } from "./stream";
import { usePlayback, useStreamAddress, useStreamKeys } from "./useStreamPage";

interface StreamPanelProps {
  id?: string;
  title?: string;
  model: string;
  prompt: string;
  /** Interventions that are on, as they are written. */
  do?: readonly string[];
}

const NONE: readonly string[] = [];

export function StreamPanel({
  id = "stream",
  title = "Stream",
  model,
  prompt,
  do: ops = NONE,
}: StreamPanelProps) {
  const panel = useRef<HTMLDivElement>(null);
  const { query, set } = usePage();
  const { tapes, phase, complaint, replayed, steered, start, steer } = useStream();
  const [side, setSide] = useState<Side>(0);
  const [table, setTable] = useState(false);
  usePlayback();
  useStreamAddress();
  useStreamKeys(panel);
  const write = (paused: boolean) => {
    set({ "stream.digest": null, "stream.at": null });
    setSide(0);
    const requests = requestsOf(readSettings(query), { model, prompt, ops });
    start(...requests.map((request) => ({ ...request, paused })));
  };
  const shown: Side = side < tapes.length ? side : 0;
  const tape = tapes[shown] ?? null;
  const inForce = steered ?? tapes[0]?.start?.do;
  const missing = model && prompt ? null : "Choose a model and type a prompt first.";
  const failure = complaint ?? tapes.find((each) => each.failure)?.failure;
  return (
    <Panel
      id={id}
      title={title}
      reading={readingOf(replayed, tape?.start?.model)}
      className="stream-panel"
      menu={<StreamMenu table={table} onTable={() => setTable(!table)} />}
    >
      <div ref={panel} className="stream" data-phase={phase} data-digest={tape?.end?.digest ?? undefined}>
        <div className="stream-head">
          <StreamControls
            missing={missing}
            onWrite={write}
            onSteer={isLive(phase) && inForce && !same(ops, inForce) ? () => steer(ops) : null}
          />
          <StreamSettings stacked={ops.length > 0} />
        </div>
        {failure && <Complaint>{failure}</Complaint>}
        {phase === "idle" ? (
          <Empty button={<Replays />}>
            {missing ?? "Write on from the prompt, and see what every neuron does at every token."}
          </Empty>
        ) : (
          <Seen side={shown} onSide={setSide} table={table} />
        )}
      </div>
    </Panel>
  );
}

/** Everything that has come: the text, the place in it, and what the model did there. */
function Seen({ side, onSide, table }: { side: Side; onSide: (side: Side) => void; table: boolean }) {
  const { tapes, cursor, seek } = useStream();
  const tape = tapes[side];
  return (
    <>
      <StreamTokens tapes={tapes} cursor={cursor} onSeek={seek} />
      <Scrubber />
      <Kept />
      {tapes.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label="Which stream is looked into"
          value={String(side)}
          onChange={(value) => onSide(Number(value) as Side)}
          data={tapes.map((each, index) => ({
            value: String(index),
            label: each.start?.label || `stream ${index + 1}`,
          }))}
        />
      )}
      {tape && (
        <div className="stream-look">
          <LayerStrip tape={tape} side={side} cursor={cursor} table={table} onSeek={seek} />
          <Moment token={tape.tokens[cursor - (tape.tokens[0]?.position ?? 0)]} side={side} />
        </div>
      )}
    </>
  );
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((op, index) => op === other[index]);
}

function readingOf(replayed: string | null, model: string | undefined): string {
  if (!model) return "";
  return replayed ? `${model}, replayed from ${replayed.slice(0, 8)}: no model runs` : model;
}

/** Where the stream is kept, or how to keep it. */
function Kept() {
  const { tapes, phase } = useStream();
  if (phase !== "ended") return null;
  return (
    <div className="stream-kept">
      {tapes.map(({ end, start }, index) =>
        end ? (
          <KeptOne
            key={index}
            digest={end.digest}
            question={end.arguments}
            warning={end.warning ?? null}
            label={start?.label ?? ""}
          />
        ) : null,
      )}
    </div>
  );
}

interface KeptProps {
  digest: string | null;
  question: Record<string, unknown>;
  warning: string | null;
  label: string;
}

function KeptOne({ digest, question, warning, label }: KeptProps) {
  const [asked, setAsked] = useState<{ digest?: string; trouble?: string; waits?: boolean }>({});
  const known = digest ?? asked.digest;
  const keep = () => {
    setAsked({ waits: true });
    ask({ analysis: "generation", arguments: question }, { signal: new AbortController().signal })
      .then((result) => setAsked({ digest: result.digest }))
      .catch((error: unknown) => setAsked({ trouble: failureOf(error).message }));
  };
  return (
    <p className="note">
      {label && <span className="muted">{label}: </span>}
      {known ? (
        <>
          kept as{" "}
          <PageLink to="/results" query={{ result: known }}>
            {known.slice(0, 8)}
          </PageLink>
        </>
      ) : (
        <Button size="compact-xs" variant="default" onClick={keep} loading={asked.waits ?? false}>
          Keep as a result
        </Button>
      )}
      {(warning ?? asked.trouble) && <span className="warning"> {warning ?? asked.trouble}</span>}
    </p>
  );
}

function StreamMenu({ table, onTable }: { table: boolean; onTable: () => void }) {
  const clear = useStream((stream) => stream.clear);
  const { set } = usePage();
  return (
    <>
      <Menu.Item onClick={onTable}>{table ? "Show the drawing" : "Show the table"}</Menu.Item>
      <Menu.Item
        onClick={() => {
          clear();
          set({ "stream.digest": null, "stream.at": null });
        }}
      >
        Clear the stream
      </Menu.Item>
    </>
  );
}

/** Streams that were kept before, to be replayed. */
function Replays() {
  const { data } = useStored(true);
  const replay = useStream((stream) => stream.replay);
  const kept = (data ?? []).filter(({ analysis }) => analysis === "generation").slice(0, 50);
  if (kept.length === 0) return null;
  return (
    <NativeSelect
      size="xs"
      aria-label="Replay what was kept"
      value=""
      data={[
        { value: "", label: "Replay what was kept …" },
        ...kept.map(({ digest, title }) => ({ value: digest, label: `${title} · ${digest.slice(0, 8)}` })),
      ]}
      onChange={({ currentTarget }) => currentTarget.value && replay(currentTarget.value)}
    />
  );
}
