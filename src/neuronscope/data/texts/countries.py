"""A table of facts about countries: capital, official language, currency and continent.

Only what is settled, stable and unambiguous is stated; a dash means that nothing is stated (two official
languages, two continents, a currency about to change).
"""

from typing import NamedTuple


class Country(NamedTuple):
    """One row of the table; `None` where nothing is stated."""

    country: str
    capital: str
    language: str | None
    currency: str | None
    continent: str | None


_TABLE = """
France Paris French euro Europe
Germany Berlin German euro Europe
Italy Rome Italian euro Europe
Spain Madrid Spanish euro Europe
Portugal Lisbon Portuguese euro Europe
Austria Vienna German euro Europe
Greece Athens Greek euro Europe
Poland Warsaw Polish zloty Europe
Hungary Budapest Hungarian forint Europe
Romania Bucharest Romanian leu Europe
Bulgaria Sofia Bulgarian - Europe
Sweden Stockholm Swedish krona Europe
Denmark Copenhagen Danish krone Europe
Norway Oslo Norwegian krone Europe
Iceland Reykjavik Icelandic krona Europe
Finland Helsinki - euro Europe
Ireland Dublin - euro Europe
Belgium Brussels - euro Europe
Switzerland Bern - franc Europe
Ukraine Kyiv Ukrainian hryvnia Europe
Albania Tirana Albanian lek Europe
Croatia Zagreb Croatian euro Europe
Slovenia Ljubljana Slovene euro Europe
Serbia Belgrade Serbian dinar Europe
Russia Moscow Russian ruble -
Turkey Ankara Turkish lira -
Egypt Cairo Arabic pound Africa
Morocco Rabat - dirham Africa
Tunisia Tunis Arabic dinar Africa
Algeria Algiers - dinar Africa
Libya Tripoli Arabic dinar Africa
Kenya Nairobi - shilling Africa
Uganda Kampala - shilling Africa
Ghana Accra English cedi Africa
Nigeria Abuja English naira Africa
Senegal Dakar French franc Africa
Ethiopia Addis_Ababa - birr Africa
Angola Luanda Portuguese kwanza Africa
Zambia Lusaka English kwacha Africa
Japan Tokyo Japanese yen Asia
China Beijing Chinese yuan Asia
India New_Delhi - rupee Asia
Nepal Kathmandu Nepali rupee Asia
Pakistan Islamabad - rupee Asia
Bangladesh Dhaka Bengali taka Asia
Thailand Bangkok Thai baht Asia
Vietnam Hanoi Vietnamese dong Asia
Laos Vientiane Lao kip Asia
Mongolia Ulaanbaatar Mongolian - Asia
Iran Tehran Persian rial Asia
Iraq Baghdad - dinar Asia
Jordan Amman Arabic dinar Asia
Qatar Doha Arabic riyal Asia
Mexico Mexico_City - peso North_America
Canada Ottawa - dollar North_America
Cuba Havana Spanish peso North_America
Brazil Brasilia Portuguese real South_America
Chile Santiago - peso South_America
Colombia Bogota Spanish peso South_America
Peru Lima - sol South_America
Uruguay Montevideo - peso South_America
Venezuela Caracas Spanish bolivar South_America
Australia Canberra - dollar -
"""


def _row(line: str) -> Country:
    country, capital, *others = (word.replace("_", " ") for word in line.split())
    language, currency, continent = (None if word == "-" else word for word in others)
    return Country(country, capital, language, currency, continent)


COUNTRIES = tuple(_row(line) for line in _TABLE.strip().splitlines())
