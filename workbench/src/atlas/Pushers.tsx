/** Neurons that push in a chosen direction: towards a target, away from a distractor. */
import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { number } from "../figures/words";
import { ProgressLine } from "../result/AnswerPanel";
import { ExportItems } from "../result/ExportItems";
import { useAnswered } from "../result/useAnswered";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { LEVEL } from "./algebra";
import type { Neurons } from "./neurons";
import { pushQuestion } from "./sources";
import { Table } from "./Table";
import { useMeasure } from "./useNumbers";

const SHOWN = 12;

export function Pushers({ neurons }: { neurons: Neurons | null }) {
  const { query, set } = usePage();
  const question = neurons ? pushQuestion(query) : "";
  const answered = useAnswered(typeof question === "string" ? null : question);
  const { phase, failure, progress } = answered;
  const result = query.target && neurons ? answered.result : null;
  const variable = result?.variables.find(({ name }) => name === "push");
  const measured = useMeasure(neurons, result, variable);
  return (
    <Panel
      id="push"
      title="Push in a direction"
      reading={(measured && variable?.long_name) || "target minus distractor, by the weights alone"}
      className="atlas-push"
      menu={result && <ExportItems result={result} />}
      actions={
        measured && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => set({ by: "neuron_logits", measure: "push" })}
            disabled={query.by === "neuron_logits"}
          >
            Colour the map
          </Button>
        )
      }
    >
      <Direction ready={neurons !== null} />
      {failure && phase === "failed" && <Complaint>{failure.message}</Complaint>}
      {phase === "asking" && <ProgressLine progress={progress} />}
      {!result && phase !== "asking" && !failure && (
        <Empty>
          {neurons
            ? "Give a target, such as “ he”, and a distractor, such as “ she”, to see which neurons tell them apart."
            : "Place the neurons first."}
        </Empty>
      )}
      {neurons && measured && <Ends neurons={neurons} values={measured.values} p={measured.p} />}
    </Panel>
  );
}

/** The two tokens between which the direction runs. */
function Direction({ ready }: { ready: boolean }) {
  const { query, set } = usePage();
  const { target = "", distractor = "" } = query;
  const [draft, setDraft] = useState({ target, distractor });
  const [from, setFrom] = useState({ target, distractor });
  if (from.target !== target || from.distractor !== distractor) {
    setFrom({ target, distractor });
    setDraft({ target, distractor });
  }
  return (
    <form
      className="push-form"
      onSubmit={(event) => {
        event.preventDefault();
        set(draft, { push: true });
      }}
    >
      {(["target", "distractor"] as const).map((name) => (
        <label key={name}>
          <span className="muted">{name}</span>
          <input
            className="mono"
            name={name}
            spellCheck={false}
            autoComplete="off"
            value={draft[name]}
            onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
          />
        </label>
      ))}
      <Button size="compact-xs" className="primary" type="submit" disabled={!draft.target || !ready}>
        Find pushers
      </Button>
    </form>
  );
}

function Ends({ neurons, values, p }: { neurons: Neurons; values: Float64Array; p: Float64Array | null }) {
  const order = useMemo(
    () =>
      Array.from(values, (_, point) => point)
        .filter((point) => !Number.isNaN(values[point]))
        .toSorted((one, other) => (values[other] as number) - (values[one] as number)),
    [values],
  );
  const columns = [
    {
      name: "push",
      title: "logits a unit",
      values,
      unsure: (at: number) => (p?.[at] ?? 0) >= LEVEL,
    },
    ...(p ? [{ name: "p", title: "p", values: p }] : []),
  ];
  const sure = p ? p.reduce((sum, one) => sum + Number(one < LEVEL), 0) : values.length;
  return (
    <>
      <p className="note muted">
        {number(sure)} of {number(values.length)} are distinguishable from random directions (corrected p &lt;{" "}
        {LEVEL}); grey ones are not.
      </p>
      <div className="push-ends">
        <div>
          <h3>Push towards</h3>
          <Table neurons={neurons} points={order.slice(0, SHOWN)} columns={columns} />
        </div>
        <div>
          <h3>Push away</h3>
          <Table neurons={neurons} points={order.slice(-SHOWN)} columns={columns} up />
        </div>
      </div>
    </>
  );
}
