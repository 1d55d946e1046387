/** Errors: which problems the model fails, which neurons part right from wrong, and what changing one does. */
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { TaskChoice } from "../circuits/About";
import { AnswerPanel } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { usePage } from "../state/page";
import { argumentOf } from "../state/stack";
import "../styles/circuits.css";
import "../styles/errors.css";
import "../styles/unit.css";
import { useQuestion } from "../unit/asking";
import { countOf, neuronOf, taskOf, USUAL_TASK } from "./address";
import { Chosen } from "./Chosen";
import { Foretelling } from "./Foretelling";
import { Problems } from "./Problems";

const ON_PROMPTS = 32;

export default function Errors() {
  const { query } = usePage();
  const model = query.model ?? "";
  const task = taskOf(query);
  const asked = { model, task, n_prompts: countOf(query) };
  const answered = useAnswered(useQuestion("task_evaluation", asked, model !== ""));
  const ops = argumentOf(query.do);
  const changed = useAnswered(
    useQuestion("task_evaluation", { ...asked, do: ops }, model !== "" && ops.length > 0),
  );
  const foretold = useAnswered(
    useQuestion("hard_questions", { model, task }, model !== "" && query.foretell === "1"),
  );
  const unit = neuronOf(query);
  return (
    <main className="errors">
      <h1 className="hidden">Errors</h1>
      {!query.panel && (
        <div className="errors-about">
          <TaskChoice fallback={USUAL_TASK} />
        </div>
      )}
      <div className="errors-main">
        <Problems answered={answered} changed={changed} />
        <Edited />
      </div>
      <div className="errors-side">
        <Foretelling answered={foretold} />
        {unit && model && <Chosen key={query.neuron} model={model} unit={unit} foretold={foretold} />}
      </div>
    </main>
  );
}

/** What the interventions do to the answers of the task, prompt by prompt the same. */
function Edited() {
  const { query } = usePage();
  const { model, do: text } = query;
  const task = taskOf(query);
  const question = useMemo<Question | null>(() => {
    const ops = argumentOf(text);
    if (!model || ops.length === 0) return null;
    return { analysis: "intervention_effect", arguments: { model, ops, task, n_prompts: ON_PROMPTS } };
  }, [model, text, task]);
  if (!question) return null;
  return (
    <AnswerPanel
      id="edited"
      slot=".edited"
      title="What the interventions do"
      question={question}
      tall={280}
    />
  );
}
