/** The guided chains, each a link to where it is followed. */
import { useRecipes } from "../recipes/following";
import { PageLink } from "../shell/PageLink";
import { Complaint, Panel } from "../shell/Panel";

export function RecipeLinks() {
  const { data, error } = useRecipes();
  return (
    <Panel id="recipes" title="Recipes" reading="questions that follow one another">
      {error && <Complaint>{error.message}</Complaint>}
      <ul className="home-recipes">
        {data?.map(({ name, title, summary, steps }) => (
          <li key={name}>
            <PageLink to="/recipes" query={{ recipe: name }}>
              {title}
            </PageLink>
            <span className="muted note">
              {summary} {steps.length} steps.
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
