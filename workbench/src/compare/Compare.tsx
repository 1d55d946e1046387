/** Compare. */
import { Empty } from "../shell/Panel";

export default function Compare() {
  return (
    <main>
      <h1 className="hidden">Compare</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
