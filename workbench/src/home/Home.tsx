/** Where one starts: models, what is going on, what needs an eye, and what was found lately. */
import { Button } from "@mantine/core";
import { usePrompts, useStored } from "../api/queries";
import { Empty } from "../shell/Panel";
import { useOpen } from "../shell/PageLink";
import "../styles/home.css";
import { AlertList } from "./AlertList";
import { Models } from "./Models";
import { RecipeLinks } from "./RecipeLinks";
import { RecentResults } from "./RecentResults";
import { RunningJobs } from "./RunningJobs";

export default function Home() {
  const { data: results } = useStored(true);
  return (
    <main className="home">
      <h1 className="hidden">Home</h1>
      {results?.length === 0 && <StartHere />}
      <div className="home-main">
        <Models results={results ?? []} />
        {results?.length !== 0 && <RecentResults results={results} />}
      </div>
      <div className="home-side">
        <RunningJobs />
        <AlertList />
        <RecipeLinks />
      </div>
    </main>
  );
}

const BUILT_IN = "builtin:scribe";

/** The first thing that a new user sees. */
function StartHere() {
  const { data: prompts } = usePrompts();
  const open = useOpen();
  const first = prompts?.[0];
  const start = () =>
    first &&
    open("/lab", {
      model: BUILT_IN,
      prompt: first.prompt,
      corrupt: first.corrupt,
      target: first.target,
      distractor: first.distractor,
    });
  return (
    <section className="start-here" aria-label="Start here">
      <Empty
        button={
          <Button size="sm" className="primary" onClick={start} disabled={!first}>
            Open the built-in model
          </Button>
        }
      >
        Nothing was asked here yet: begin with the small model that ships with NeuronScope and a sentence
        whose next word it has to work out.
      </Empty>
    </section>
  );
}
