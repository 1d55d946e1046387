/** What the model expects next: the last depth of the logit lens at the last position. */
import { useMemo } from "react";
import type { Result } from "../api/shapes";
import { Ranking } from "../figures/Ranking";
import { visible } from "../figures/words";
import { Complaint, Panel } from "../shell/Panel";
import { useColumns } from "../result/ListView";
import { useAnswered } from "../result/useAnswered";

const LENS = "logit_lens";
const KEPT = 10;

interface PredictionsProps {
  /** Model and prompt that were asked, or null before anything was. */
  asked: { model: string; prompt: string; do?: unknown } | null;
}

export function Predictions({ asked }: PredictionsProps) {
  const key = JSON.stringify(asked);
  const question = useMemo(() => {
    const given = JSON.parse(key) as PredictionsProps["asked"];
    return given && { analysis: LENS, arguments: { ...given, top_k: KEPT } };
  }, [key]);
  const { result: data, failure: error } = useAnswered(question);
  return (
    <Panel
      id="next-token"
      title="Next token"
      reading={
        asked ? <>after {visible(asked.prompt.slice(-24))}</> : "what the model expects after the prompt"
      }
      className="predictions"
    >
      {error && <Complaint>{error.message}</Complaint>}
      {!asked && (
        <p className="muted note">Run an analysis, and the ten likeliest next tokens appear here.</p>
      )}
      {asked &&
        !error &&
        (data ? <Listed result={data} /> : <div className="skeleton" style={{ height: 240 }} />)}
    </Panel>
  );
}

function Listed({ result }: { result: Result }) {
  const last = useMemo(
    () => ({ depth: (result.dims.depth ?? 1) - 1, position: (result.dims.position ?? 1) - 1 }),
    [result],
  );
  const variables = useMemo(
    () =>
      ["candidate", "probability"].flatMap((name) =>
        result.variables.filter((variable) => variable.name === name),
      ),
    [result],
  );
  const { columns, failure } = useColumns(result, variables, last);
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!columns) return <div className="skeleton" style={{ height: 240 }} />;
  const entries = (columns[0]?.values ?? []).map((_, index) => String(index + 1));
  const named = columns.map((column) => ({
    ...column,
    title: column.name === "candidate" ? "token" : "probability",
  }));
  return (
    <Ranking label="Likeliest next tokens" axis="rank" entries={entries} columns={named} bars="probability" />
  );
}
