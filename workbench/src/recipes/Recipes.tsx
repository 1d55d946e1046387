/** Recipes: guided chains of questions with prose and checks, followed step by step, copied and edited. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { keepRecipe, ownRecipes, useOwn, useRecipes } from "./following";
import { RecipeEditor } from "./RecipeEditor";
import { RecipeSteps } from "./RecipeSteps";
import "../styles/recipes.css";

export default function Recipes() {
  const { query, set } = usePage();
  const { data: recipes } = useRecipes();
  const [own, setOwn] = useState(ownRecipes);
  const mine = query.recipe?.startsWith("own:") ? own[query.recipe.slice(4)] : undefined;
  const read = useOwn(mine);
  const chosen = recipes?.find(({ name }) => name === query.recipe) ?? read.data;
  const open = (name: string) => set({ ...cleared(query), recipe: name }, { push: true });
  const keep = (name: string, text: string | null) => {
    keepRecipe(name, text);
    setOwn(ownRecipes());
    open(text === null ? "" : `own:${name}`);
  };
  return (
    <main className="recipes-page">
      <h1 className="hidden">Recipes</h1>
      <List own={Object.keys(own)} onOpen={open} />
      <div className="recipe-main">
        {mine !== undefined && read.error && (
          <Panel id="recipe" title={query.recipe?.slice(4) ?? ""} reading="cannot be followed yet">
            <Complaint>{read.error.message}</Complaint>
          </Panel>
        )}
        {chosen && <RecipeSteps key={`steps ${chosen.text}`} recipe={chosen} />}
        {(chosen || mine !== undefined) && (
          <RecipeEditor
            key={`text ${mine ?? chosen?.text}`}
            name={mine === undefined ? `${chosen?.name}-mine` : (query.recipe?.slice(4) ?? "")}
            text={mine ?? chosen?.text ?? ""}
            own={mine !== undefined}
            onKeep={keep}
          />
        )}
        {!chosen && mine === undefined && (
          <Panel id="recipe" title="No recipe is open">
            <Empty
              button={
                recipes?.[0] && (
                  <Button size="xs" variant="default" onClick={() => open(recipes[0]?.name ?? "")}>
                    Open {recipes[0].title}
                  </Button>
                )
              }
            >
              A recipe leads through several questions, says why each is asked, and checks what comes of it.
            </Empty>
          </Panel>
        )}
      </div>
    </main>
  );
}

/** The recipes of the package, then those kept in this browser. */
function List({ own, onOpen }: { own: readonly string[]; onOpen: (name: string) => void }) {
  const { recipe: open } = usePage().query;
  const { data: recipes, error } = useRecipes();
  const entries = [
    ...(recipes ?? []).map(({ name, title, summary, steps }) => ({
      name,
      title,
      about: `${summary} ${steps.length} steps.`,
    })),
    ...own.map((name) => ({ name: `own:${name}`, title: name, about: "Yours, kept in this browser." })),
  ];
  return (
    <Panel id="list" title="Recipes" reading="questions that follow one another" className="recipe-list">
      {error && <Complaint>{error.message}</Complaint>}
      <ul>
        {entries.map(({ name, title, about }) => (
          <li key={name}>
            <Choice name={title} about={about} current={open === name} onOpen={() => onOpen(name)} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Patch that clears what belongs to the recipe that was open. */
function cleared(query: Readonly<Record<string, string>>): Record<string, null> {
  const own = /^(given|answer|ask|variable|at|range|rows|table)\./;
  return Object.fromEntries(
    Object.keys(query)
      .filter((key) => own.test(key))
      .map((key) => [key, null]),
  );
}

interface ChoiceProps {
  name: string;
  about: string;
  current: boolean;
  onOpen: () => void;
}

function Choice({ name, about, current, onOpen }: ChoiceProps) {
  return (
    <button type="button" className="recipe-choice" aria-pressed={current} onClick={onOpen}>
      <b>{name}</b>
      <span className="muted note">{about}</span>
    </button>
  );
}
