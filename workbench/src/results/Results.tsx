/** Results. */
import { Empty } from "../shell/Panel";

export default function Results() {
  return (
    <main>
      <h1 className="hidden">Results</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
