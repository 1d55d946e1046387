/** A panel that puts a question and draws its answer: skeleton, progress, cancel, the sentence why not. */
import { Button, Progress as Bar } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import type { Question } from "../api/ask";
import type { Result } from "../api/shapes";
import { capital, inWords, number } from "../figures/words";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { ResultPanel } from "./ResultPanel";
import { type Answered, type Progress, useAnswered } from "./useAnswered";

interface AnswerPanelProps {
  id: string;
  slot: string;
  /** What to ask, as soon as it is complete; null while it is not. */
  question: Question | null;
  title?: string;
  /** What stands there while there is no question. */
  empty?: ReactNode;
  actions?: ReactNode;
  tall?: number;
  onResult?: (result: Result) => void;
}

export function AnswerPanel({ question, onResult, ...shown }: AnswerPanelProps) {
  const answered = useAnswered(question);
  const { result } = answered;
  useEffect(() => {
    if (result) onResult?.(result);
  }, [result, onResult]);
  return <AnsweredPanel {...shown} answered={answered} asked={question} />;
}

interface AnsweredPanelProps extends Omit<AnswerPanelProps, "question" | "onResult"> {
  answered: Answered;
  asked: Question | null;
  stale?: string | null;
  menu?: ReactNode;
}

/** The same, for an answer that its owner follows. */
export function AnsweredPanel(props: AnsweredPanelProps) {
  const { id, slot, title, actions, menu, empty, tall = 430, answered, asked, stale } = props;
  const { phase, partial } = answered;
  const result = partial ?? answered.result;
  const going = <Going answered={answered} />;
  if (result)
    return (
      <ResultPanel {...{ id, slot, title, actions, menu, tall, result }} stale={partial ? null : stale}>
        {phase !== "done" && phase !== "idle" && going}
      </ResultPanel>
    );
  const name = title ?? (asked ? capital(inWords(asked.analysis)) : "Answer");
  return (
    <Panel id={id} title={name} actions={actions} menu={menu} className="result">
      {phase === "asking" && <div className="skeleton" style={{ height: tall }} />}
      {phase === "idle" && (empty ?? <Empty>Nothing has been asked here yet.</Empty>)}
      {going}
    </Panel>
  );
}

/** How far the question is, and what can be done about it. */
export function Going({ answered: { phase, progress, failure, stop, again } }: { answered: Answered }) {
  if (phase === "failed" && failure)
    return (
      <div className="going">
        <Complaint>{failure.message}</Complaint>
        <Button size="compact-xs" variant="default" onClick={again}>
          Ask again
        </Button>
      </div>
    );
  if (phase === "cancelled")
    return (
      <p className="going note muted" data-phase="cancelled">
        Cancelled.{" "}
        <button type="button" className="text-button" onClick={again}>
          Ask again
        </button>
      </p>
    );
  if (phase !== "asking") return null;
  return (
    <div className="going">
      <ProgressLine progress={progress} />
      <Button size="compact-xs" variant="default" onClick={stop}>
        Cancel
      </Button>
    </div>
  );
}

/** A bar and words: what is being gone through, and how far. */
export function ProgressLine({ progress }: { progress: Progress | null }) {
  const share = progress?.total ? (100 * progress.done) / progress.total : null;
  return (
    <div className="progress">
      <Bar size={3} value={share ?? 100} animated={share === null} aria-label="Progress" />
      <p className="muted note" aria-live="polite" data-phase="asking">
        {wordsOf(progress)}
      </p>
    </div>
  );
}

function wordsOf(progress: Progress | null): string {
  if (!progress) return "Asking…";
  const of = progress.total === null ? "" : ` ${number(progress.done)} of ${number(progress.total)}`;
  return `${capital(progress.what)}${of}`;
}
