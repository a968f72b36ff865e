"""Files as people have them, with made-up values: read right, or refused with the reason and the mend."""

from datetime import date

import pytest

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.known import read_known
from flywheel_sim.study.calibration.user_files import Choices, read_file
from flywheel_sim.study.calibration.user_tables import dates, numbers, read_table

LIST = "id,start,end,plan,fee per month,source,nps\n" + "".join(
    f"c{k},2023-{k % 12 + 1:02d}-15,{f'2024-{k % 12 + 1:02d}-20' if k % 4 == 0 else ''},basic,50,"
    f"{'friend' if k % 5 == 0 else 'advert'},{10 if k % 2 else 5}\n"
    for k in range(120)
)


def write(folder, text, name="data.csv", encoding="utf-8"):
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def months(header, values, labels=None, sign=","):
    labels = labels or [f"2024-{k + 1:02d}" for k in range(len(values))]
    return f"month{sign}{header}\n" + "".join(f"{a}{sign}{b}\n" for a, b in zip(labels, values, strict=True))


def test_a_customer_list_becomes_numbers(tmp_path):
    found = read_file(write(tmp_path, LIST))
    assert found.kind == "customers" and set(found.known) == {"customers", "churn", "price", "referral_share", "nps"}
    assert found.known["customers"] == "90" and found.known["price"] == "$50 a month"
    assert found.known["nps"].startswith("0 +- ")
    share = float(found.known["churn"].partition("%")[0])
    assert 1.5 < share < 3.5, "30 of 120 in a year"
    assert "start = 'start'" in found.told and "120 rows" in found.told


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace(",", ";"),
        lambda t: t.replace(",", "\t"),
        lambda t: t.replace(",", "|"),
        lambda t: "sep=,\n" + t,
        lambda t: "Customers of Example Ltd\nexported 2024-12-31\n\n" + t,
        lambda t: t.replace("start,end", "Customer since,Cancelled on"),
        lambda t: t.replace("id,start,end", "Kunde,Beginn,gekündigt"),
        lambda t: t.replace("start", "Signed up").replace("source", "How did you hear of us"),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("\n", "\n\n"),
        lambda t: t + "Total,,,,6000,,\n",
    ],
    ids=["semicolons", "tabs", "bars", "sep", "titles", "other-headers", "German", "spoken", "crlf", "blank", "total"],
)  # fmt: skip
def test_a_customer_list_says_the_same_in_every_layout(tmp_path, change):
    plain = read_file(write(tmp_path, LIST))
    assert read_file(write(tmp_path, change(LIST), "other.csv")).known == plain.known


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    text = months("Kündigungen;Kunden", ["30;1000", "20;1000"], sign=";")
    assert read_file(write(tmp_path, text, encoding=encoding)).known["churn"] == "2.5% a month"


@pytest.mark.parametrize(
    ("labels", "period"),
    [
        (["2024-01", "2024-02", "2024-03"], "month"),
        (["Jan 2024", "Feb 2024", "Mar 2024"], "month"),
        (["January '24", "February '24", "March '24"], "month"),
        (["01/2024", "02/2024", "03/2024"], "month"),
        (["31.01.2024", "29.02.2024", "31.03.2024"], "month"),
        (["01/31/2024", "02/29/2024", "03/31/2024"], "month"),
        (["45322", "45351", "45382"], "month"),
        (["Q1 2024", "Q2 2024", "Q3 2024"], "quarter"),
        (["2024Q1", "2024-Q2", "2024 Q3"], "quarter"),
        (["2024-01-01", "2024-01-08", "2024-01-15"], "week"),
        (["2022", "2023", "2024"], "year"),
        (["FY2022", "FY2023", "FY2024"], "year"),
    ],
)
def test_dates_of_figures(tmp_path, labels, period):
    found = read_file(write(tmp_path, months("New customers", ["10", "20", "30"], labels)))
    assert found.known["new_customers"].endswith(f"a {period}") and found.kind == "figures"


def test_figures_are_read_as_quantities(tmp_path):
    text = months(
        "Customers,New,Churn rate,NPS,Referral share,Tickets,Staff",
        ["1000,40,3.0%,40,20%,300,9", "1010,50,3.2%,42,24%,310,9"],
    )
    found = read_file(write(tmp_path, text))
    assert found.known == {
        "customers": "1010", "new_customers": "45 a month", "tickets": "305 a month", "churn": "3.1% a month",
        "nps": "41", "referral_share": "22%",
    }  # fmt: skip
    assert (date(2024, 1, 31), "headcount", 9.0) in found.tidy
    wide = "metric,Jan 2024,Feb 2024\nCustomers,1000,1010\nNew,40,50\n"
    assert read_file(write(tmp_path, wide, "wide.csv")).known["new_customers"] == "45 a month"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234.5", "2"], [1234.5, 2]),
        (["1.234,5", "2"], [1234.5, 2]),
        (["12,5", "3,25"], [12.5, 3.25]),
        (["1 234", "5"], [1234, 5]),
        (["$1,200,000", "5"], [1200000, 5]),
        (["(5)", "5%"], [-5, 0.05]),
        (["n/a", "7"], [None, 7]),
    ],
)
def test_numbers(tmp_path, cells, values):
    table = read_table(write(tmp_path, "a\tb\n" + "".join(f"x\t{cell}\n" for cell in cells)))
    assert numbers(table, "b") == pytest.approx(values)


def test_a_workbook_is_read_by_its_cells(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ["Figures"],
        [],
        ["Month", "Customers", "Lost"],
        [date(2024, 1, 31), 1000, 30],
        [date(2024, 2, 29), 1000, 20],
    ):
        book.active.append(row)
    book.save(tmp_path / "kpis.xlsx")
    assert read_file(tmp_path / "kpis.xlsx").known["churn"] == "2.5% a month"
    more = book.create_sheet("More")
    more.append(["a", "b"])
    more.append([1, 2])
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(ScenarioError, match="has 2 sheets with tables"):
        read_file(tmp_path / "two.xlsx")


def test_a_cohort_table_gives_churn(tmp_path):
    text = "cohort,0,1,2,3\n2024-01,100,90,81,72.9\n2024-02,200,180,162,\n2024-03,100,90,,\n"
    found = read_file(write(tmp_path, text))
    assert found.kind == "cohorts" and found.known["churn"] == "10% a month"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("only one column\n1\n", "no table with headers"),
        ("1,2,3\n4,5,6\n", "the first line holds numbers and no headers"),
        ("id,start,start\n1,2024-01-01,2024-01-02\n", "two columns are called 'start'"),
        ("id,start,end\n1,03/04/2024,05/06/2024\n", "day first or month first? say --dates day-first or month-first"),
        ("id,start,end\n1,13/04/2024,\n2,04/15/2024,\n", "mixes day/month and month/day"),
        ("id,start,end\n1,2024-05-01,2024-01-01\n", "row 1: ends before it starts"),
        ("id,start,end,fee\n1,2024-01-01,,50\n", "is paid for how long? say --fee-per month or --fee-per year"),
        ("id,start,joined,end\n1,2024-01-01,2024-01-02,\n", "which column is the start? say --column start='start'"),
        ("name,colour\nx,red\ny,blue\n", "neither a list of customers"),
        ("month,colour\n2024-01,red\n2024-02,blue\n", "no figure is recognised in: colour"),
        ("month,customers\n2024-01,ten\n2024-02,20\n", "row 1: expected a number, got 'ten'"),
        ("month;customers\n2024-01;1,234\n2024-02;5,678\n", "thousands or decimals? say --decimal . or --decimal ,"),
        ("month,customers\n2024-01,10\n2024-01,20\n", "has the same date twice"),
        ("cohort,0,1,2\n2024-01,100,120,130\n", "a cohort that grows is no retention table"),
    ],
)
def test_what_cannot_be_read_or_could_be_read_in_two_ways_is_refused_with_the_mend(tmp_path, text, said):
    with pytest.raises(ScenarioError) as caught:
        read_file(write(tmp_path, text))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def rows(header, line, count=60):
    return f"{header}\n" + "".join(f"{line(k)}\n" for k in range(count))


SUBSCRIPTIONS = rows(
    "id,Customer ID,Interval,Amount,Status,Created (UTC),Current Period Start (UTC),Current Period End (UTC),"
    "Canceled At (UTC)",
    lambda k: (
        f"s{k},c{k},month,29.00,{'active' if k % 4 else 'canceled'},2023-{k % 12 + 1:02d}-05 10:22,2024-12-05 10:22,"
        f"2025-01-05 10:22,{'' if k % 4 else f'2024-{k % 12 + 1:02d}-20 08:00'}"
    ),
)
CONTACTS = rows(
    "Record ID,First Name,Email,Create Date,Became a Customer Date,Original Source,Last Activity Date",
    lambda k: (
        f"{k},A,x{k}@example.org,2022-{k % 12 + 1:02d}-05 09:00,2023-{k % 12 + 1:02d}-15 09:12,"
        f"{'Organic Search' if k % 5 else 'Referrals'},2024-11-05 10:00"
    ),
)
CONTRACTS = rows(
    "Account Name,Contract Start Date,Contract End Date,ARR,Lead Source",
    lambda k: f'Firm {k},2023-{k % 12 + 1:02d}-01,{2025 + k % 2}-01-01,"12,000.00",{"Web" if k % 5 else "Referral"}',
)
BEITRAGE = rows(
    "Kundennr.;Vertragsbeginn;Vertragsende;Tarif;Monatsbeitrag;Herkunft",
    lambda k: (
        f"{k};{k % 28 + 1:02d}.{k % 12 + 1:02d}.2023;{'' if k % 4 else f'28.{k % 12 + 1:02d}.2024'};Basis;49,90 €;"
        f"{'Anzeige' if k % 5 else 'Empfehlung'}"
    ),
)
MONATE = [
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
]  # fmt: skip
KENNZAHLEN = "Kennzahlen 2024\n\n" + rows(
    "Monat;Kunden;Neukunden;Kündigungen;Weiterempfehlungen in %;Umsatz",
    lambda k: f"{MONATE[k]} 2024;{1000 + k};{40 + k};30;22,5 %;12.345,00 €",
    12,
)
SHEET = (
    rows(
        '"Month","MRR","Customers","Net new customers","New customers","Logo churn"',
        lambda k: f'"{k + 1}/28/2024","$12,300.50","1,2{k:02d}","{k}","{40 + k}","3.{k}%"',
        12,
    )
    + '"Source: finance","","","","",""\n'
)
METRICS = rows(
    "Date,Monthly Recurring Revenue,Revenue Churn Rate,User Churn Rate,Active Customers,New Subscriptions",
    lambda k: f"2024-{k + 1:02d}-01,1234{k},1.5,3.{k},12{k:02d},4{k % 10}",
    12,
)
QUEUE = rows("Week,Created tickets,Solved tickets", lambda k: f"2024-W{k + 1:02d},{100 + k},{98 + k}", 20)
QUARTALE = rows(
    "Quartal;Kundenbestand;Neue Kunden;Kündigungsquote",
    lambda k: f"{k + 1}. Quartal 2024;1.1{50 + 18 * k};{11000 + 2000 * k};3,{1 + 2 * k} %",
    2,
)
WIDE = "KPI,2024-01-31 00:00:00,2024-02-29 00:00:00\nPaying members,1000,1010\nSign-ups,40,42\nCancellations,30,31\n"
LOUD = rows("customer_id,signup_date,status", lambda k: f"{k},2023-{k % 12 + 1:02d}-05,{'active' if k % 4 else 'gone'}")
STATUS = LOUD.replace("gone", "cancelled")


@pytest.mark.parametrize(
    ("text", "columns", "known"),
    [
        (
            SUBSCRIPTIONS,
            {"start": "Created (UTC)", "end": "Canceled At (UTC)"},
            {"customers": "45", "churn": "2.33% a month", "price": "$29 a month"},
        ),
        (CONTACTS, {"start": "Became a Customer Date"}, {"customers": "60", "referral_share": "20%"}),
        (CONTRACTS, {"end": "none"}, {"customers": "60", "price": "$12000 a year", "referral_share": "20%"}),
        (
            BEITRAGE,
            {},
            {"customers": "45", "churn": "2.33% a month", "price": "$49.9 a month", "referral_share": "20%"},
        ),
        (
            KENNZAHLEN,
            {},
            {
                "customers": "1011", "new_customers": "45.5 a month", "churn": "2.98% a month",
                "referral_share": "22.5%",
            },
        ),
        (QUARTALE, {}, {"customers": "1168", "new_customers": "12000 a quarter", "churn": "3.2% a quarter"}),
        (SHEET, {}, {"customers": "1211", "new_customers": "45.5 a month", "churn": "3.39% a month"}),
        (METRICS, {}, {"customers": "1211", "new_customers": "43.83 a month", "churn": "3.39% a month"}),
        (QUEUE, {"tickets": "Created tickets"}, {"tickets": "109.5 a week"}),
        (WIDE, {}, {"customers": "1010", "new_customers": "41 a month", "churn": "3.03% a month"}),
        (LOUD, {}, {"customers": "60"}),
    ],
    ids=[
        "subscriptions", "contacts", "contracts", "Vertragsliste", "Kennzahlen", "Quartale", "sheet", "metrics",
        "queue", "wide", "no-status",
    ],
)  # fmt: skip
def test_exports_of_other_programs_are_read(tmp_path, text, columns, known):
    fee = "month" if text is SUBSCRIPTIONS else ""
    found = read_file(write(tmp_path, text), Choices(columns, fee_per=fee)).known
    assert found == known and all(read_known(name, said).value > 0 for name, said in found.items())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SUBSCRIPTIONS, "which column is the start? say --column start='Created (UTC)' or"),
        (CONTACTS, "which column is the start? say --column start='Create Date' or"),
        (CONTRACTS, "lie more than a year after the last start, as terms do that run until then; say --column end="),
        (STATUS, "'status' says of 15 that they have left, and no column says when; say --column end="),
        (QUEUE, "which column is the tickets? say --column tickets='Created tickets' or"),
        ("month,customers\n2024-01,1.150\n2024-02,1.168\n", "is '1.150' thousands or decimals? say --decimal . or"),
    ],
)
def test_exports_that_could_be_read_in_two_ways_are_asked_about(tmp_path, text, said):
    with pytest.raises(ScenarioError) as caught:
        read_file(write(tmp_path, text), Choices(fee_per="month"))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["old.xls", "report.pdf"])
def test_other_formats_are_named(tmp_path, name):
    with pytest.raises(ScenarioError, match=r"save it as .xlsx or .csv"):
        read_file(write(tmp_path, "x", name))


def test_options_decide(tmp_path):
    two = write(tmp_path, "id,start,end\n1,03/04/2024,\n2,05/06/2024,\n")
    assert dates(read_table(two), "start", "day-first")[0] == date(2024, 4, 3)
    assert dates(read_table(two), "start", "month-first")[0] == date(2024, 3, 4)
    fee = write(tmp_path, "id,start,end,fee\n1,2024-01-01,,600\n", "fee.csv")
    assert read_file(fee, Choices(fee_per="year")).known["price"] == "$600 a year"
    odd = write(tmp_path, "id,A,B\n1,2024-01-01,\n2,2024-02-01,2024-03-01\n", "odd.csv")
    assert read_file(odd, Choices({"start": "A", "end": "B"})).known["customers"] == "1"


def test_a_new_scenario_says_what_the_files_know_and_keeps_nobody(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, LIST.replace("c7,", "Erika Mustermann,"), "customers.csv")
    write(tmp_path, months("Customers,Tickets", ["90,30", "92,34"]), "kpis.csv")
    words = [
        "scenario",
        "new",
        "mine",
        "--extends",
        "b2c-subscription",
        "--from",
        "customers.csv",
        "--from",
        "kpis.csv",
    ]
    flywheel.main(words, standalone_mode=False)
    made = load("mine")
    assert {one.name: one.said for one in made.known}["tickets"] == "32 a month"
    assert {one.name: one.said for one in made.known}["customers"] == "90", "the first file that says it"
    assert "# customers: 92 by kpis.csv" in (tmp_path / "mine.yaml").read_text("utf-8")
    assert (tmp_path / "mine-figures.csv").read_text("utf-8").startswith("date,figure,value\n2024-01-31,tickets,30\n")
    assert not any("Erika" in file.read_text("utf-8") for file in tmp_path.glob("mine*"))
    told = capsys.readouterr().err
    assert "read customers.csv: customers, 120 rows" in told and "flywheel calibrate mine.yaml" in told
