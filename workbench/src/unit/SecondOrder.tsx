/** Effects of a neuron through later attention, where the store holds an answer about them. */
import { ResultPanel } from "../result/ResultPanel";
import { useResult, useShelf } from "../results/stored";

export function SecondOrder({ model }: { model: string }) {
  const { data } = useShelf({ analysis: "second_order_effects" }, 1);
  const digest = data?.entries.find(({ title }) => title.includes(model))?.digest;
  const { data: result } = useResult(digest);
  if (!result) return null;
  return <ResultPanel id="second-order" slot=".second" result={result} title="Second-order effects" />;
}
