/** What a neuron writes into the logits and which tokens it reads, by its weights alone, beside random weights. */
import { Ranking } from "../figures/Ranking";
import { inWords, number, visible } from "../figures/words";
import { cut } from "../result/cube";
import type { Answered } from "../result/useAnswered";
import { AskedPanel } from "./AskedPanel";
import { type Cubes, current, useCubes } from "./asking";
import { Complaint } from "../shell/Panel";

const WANTED = {
  connection: {},
  text: {},
  p: {},
  largest_null: {},
  kurtosis: {},
  kurtosis_null: {},
  kurtosis_p: {},
};
const LEVEL = 0.05;

export function Logits({ answered }: { answered: Answered }) {
  const { cubes, failure } = useCubes(current(answered), WANTED);
  return (
    <AskedPanel
      id="logits"
      title="What it writes and reads"
      reading="by weights alone; the scale of the norms left out"
      answered={answered}
      tall={520}
    >
      {(result) =>
        failure ? (
          <Complaint>{failure.message}</Complaint>
        ) : cubes ? (
          ((result.coords.item?.values ?? []) as string[]).map((name, item) => (
            <Side key={name} name={name} item={item} cubes={cubes} />
          ))
        ) : (
          <div className="skeleton" style={{ height: 520 }} />
        )
      }
    </AskedPanel>
  );
}

/** Words on the two ends of what a neuron writes or reads. */
function endsOf(side: string): readonly [string, string] {
  return side.startsWith("writes") ? ["Promotes", "Suppresses"] : ["Excited by", "Inhibited by"];
}

function Side({ name, item, cubes }: { name: string; item: number; cubes: Cubes }) {
  const side = name.slice(name.indexOf(" ") + 1);
  const at = (variable: string) => {
    const cube = cubes[variable];
    return cube ? cut(cube, { item }) : null;
  };
  const one = (variable: string) => number(at(variable)?.numbers?.[0]);
  const values = Array.from(at("connection")?.numbers ?? []);
  const texts = at("text")?.texts ?? [];
  const p = Array.from(at("p")?.numbers ?? []);
  const half = Math.floor(values.length / 2);
  const [first, second] = endsOf(side);
  const lists = [
    { title: first, rows: values.map((_, row) => row).slice(0, half) },
    {
      title: second,
      rows: values
        .map((_, row) => row)
        .slice(half)
        .toReversed(),
    },
  ];
  const unit = side.startsWith("writes") ? "logits a unit of activation" : "before the activation function";
  return (
    <section className="logit-side" aria-label={side}>
      <h3>
        {side.startsWith("writes") ? "Writes" : inWords(side.replace("reads", "Reads"))}{" "}
        <span className="muted">
          {unit} · largest of random weights {one("largest_null")} on the mean · kurtosis {one("kurtosis")}{" "}
          (random {one("kurtosis_null")}, p = {one("kurtosis_p")})
        </span>
      </h3>
      <div className="logit-ends">
        {lists.map(({ title, rows }) => (
          <div key={title} data-end={title}>
            <Ranking
              label={`${title}, tokens`}
              axis={title}
              entries={rows.map((row) => visible(texts[row] ?? ""))}
              columns={[
                { name: "connection", title: "", values: rows.map((row) => values[row] as number) },
                { name: "p", title: "p", values: rows.map((row) => p[row] ?? Number.NaN) },
              ]}
              bars="connection"
              unsure={rows.map((row) => (p[row] ?? 0) >= LEVEL)}
            />
          </div>
        ))}
      </div>
    </section>
  );
}
