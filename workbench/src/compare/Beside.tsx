/** What stands beside a comparison: whole models side by side, a training, or how far methods agree. */
import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { AnswerPanel } from "../result/AnswerPanel";
import { Empty } from "../shell/Panel";
import { type Query, usePage } from "../state/page";
import type { Mode } from "./sides";

interface Companion {
  id: string;
  title: string;
  /** What it tells, before it is asked. */
  tells: string;
  question: Question | null;
}

export function Beside({ mode, analysis }: { mode: Mode; analysis: string }) {
  const { query } = usePage();
  const beside = useMemo(() => companionsOf(mode, analysis, query), [mode, analysis, query]);
  return beside.map((companion) => <Companion key={companion.id} {...companion} />);
}

function companionsOf(mode: Mode, analysis: string, query: Query): Companion[] {
  const { model = "", other = "", series = "", prompt = "", target = "", distractor = "" } = query;
  if (mode === "models") {
    const about = model && other ? { model, other } : null;
    return [
      {
        id: "model_comparison",
        title: "Layers of one model beside those of the other",
        tells: "How alike every layer of one model is to every layer of the other, on the same texts.",
        question: about && { analysis: "model_comparison", arguments: about },
      },
      {
        id: "prediction_divergence",
        title: "How far the next tokens are apart",
        tells: "How far the next tokens of the two models are apart on the common prompts.",
        question: about && { analysis: "prediction_divergence", arguments: about },
      },
    ];
  }
  if (mode === "checkpoints")
    return [
      {
        id: "checkpoint_drift",
        title: "Drift through the training",
        tells: "How layers, neurons and behaviour come to what they are, step by step.",
        question: series ? { analysis: "checkpoint_drift", arguments: { checkpoints: series } } : null,
      },
    ];
  if (mode !== "methods") return [];
  const over = analysis === "neuron_attribution" ? "neurons" : "tokens";
  const about = { model, prompt, target, distractor, over };
  return [
    {
      id: "attribution_agreement",
      title: "How far the methods agree",
      tells: "How alike the orders are that the methods give, against orders drawn at random.",
      question: model && prompt ? { analysis: "attribution_agreement", arguments: about } : null,
    },
  ];
}

/** Asked for by a button, since it may take long. */
function Companion({ id, title, tells, question }: Companion) {
  const { query, set } = usePage();
  const wanted = query[`ask.${id}`] === "1";
  return (
    <AnswerPanel
      id={id}
      slot={`.${id}`}
      title={title}
      question={wanted ? question : null}
      empty={
        <Empty
          button={
            <Button
              size="xs"
              variant="default"
              disabled={question === null}
              onClick={() => set({ [`ask.${id}`]: "1" }, { push: true })}
            >
              Ask
            </Button>
          }
        >
          {tells}
        </Empty>
      }
    />
  );
}
