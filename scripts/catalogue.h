/* catalogue.h: what the sample shop sells, to whom, and what is bought with what. */
#ifndef SEGMILL_SCRIPTS_CATALOGUE_H
#define SEGMILL_SCRIPTS_CATALOGUE_H

#include "shop.h"

/* The kinds of shoppers; the five weights of a product are theirs, in this order. */
typedef enum shop_kind { DRINKER, OFFICE, GIVER, ENTHUSIAST, HUNTER, N_KINDS } shop_kind;

enum { SAMPLE = 0 }; /* the free one: never chosen, only given */

static const shop_product products[] = {
    {"SA-000", "Sample Sachet, Free", "Samples", 0, {0, 0, 0, 0, 0}},
    {"BE-101", "House Blend Beans 1 kg", "Beans", 1690, {30, 40, 2, 3, 14}},
    {"BE-102", "House Blend Beans 250 g", "Beans", 590, {14, 2, 4, 1, 22}},
    {"BE-103", "Espresso Roma Beans 1 kg", "Beans", 1890, {26, 28, 1, 6, 9}},
    {"BE-104", "Espresso Roma Beans 250 g", "Beans", 650, {10, 1, 3, 2, 12}},
    {"BE-105", "Decaf Beans 250 g", "Beans", 690, {8, 3, 2, 1, 4}},
    {"BE-106", "Ethiopia Yirgacheffe 250 g", "Single Origin", 990, {6, 1, 5, 24, 2}},
    {"BE-107", "Kenya Nyeri 250 g", "Single Origin", 1090, {4, 1, 3, 20, 1}},
    {"BE-108", "Colombia Huila 250 g", "Single Origin", 890, {7, 2, 4, 16, 3}},
    {"BE-109", "Panama Geisha 100 g", "Single Origin", 2450, {0, 0, 4, 9, 0}},
    {"GR-201", "Ground Filter Coffee 500 g", "Ground", 890, {16, 30, 1, 0, 16}},
    {"GR-202", "Ground Moka Blend 250 g", "Ground", 550, {9, 2, 2, 1, 9}},
    {"GR-203", "Coffee Pads, 36 Pieces", "Ground", 549, {8, 14, 1, 0, 18}},
    {"MA-301", "Espresso Machine Piccolo", "Machines", 24900, {1, 1, 3, 2, 1}},
    {"MA-302", "Espresso Machine Duetto", "Machines", 89900, {0, 1, 0, 2, 0}},
    {"MA-303", "Filter Machine Office 1.8 l", "Machines", 11900, {0, 5, 0, 0, 1}},
    {"GM-311", "Hand Grinder Steel", "Grinders", 5990, {1, 0, 4, 6, 1}},
    {"GM-312", "Electric Grinder 64 mm", "Grinders", 34900, {0, 1, 1, 3, 0}},
    {"BR-401", "Pour-over Dripper, Ceramic", "Brewing", 2190, {2, 0, 7, 8, 2}},
    {"BR-402", "Paper Filters, 100 Pieces", "Brewing", 390, {9, 16, 0, 9, 8}},
    {"BR-403", "Moka Pot, 3 Cups", "Brewing", 2790, {2, 0, 8, 1, 3}},
    {"BR-404", "Travel Press", "Brewing", 3490, {1, 0, 6, 6, 2}},
    {"BR-405", "Travel Press Filters, 350 Pieces", "Brewing", 790, {1, 0, 0, 4, 1}},
    {"BR-406", "Cold Brew Bottle 750 ml", "Brewing", 1990, {2, 1, 5, 3, 4}},
    {"BR-407", "Digital Scale 0.1 g", "Brewing", 3990, {0, 0, 2, 8, 1}},
    {"BR-408", "Gooseneck Kettle", "Brewing", 6490, {0, 0, 3, 6, 0}},
    {"BR-409", "Tamper 58 mm, Walnut", "Brewing", 4490, {0, 0, 3, 5, 0}},
    {"CA-501", "Descaler 500 ml", "Care", 1190, {5, 9, 0, 4, 4}},
    {"CA-502", "Cleaning Tablets, 10 Pieces", "Care", 890, {4, 8, 0, 4, 3}},
    {"CU-601", "Espresso Cups, Set of 2", "Cups", 1790, {2, 0, 14, 4, 3}},
    {"CU-602", "Latte Glass, Set of 4", "Cups", 2290, {2, 2, 9, 1, 3}},
    {"CU-603", "Mug \"Monday\"", "Cups", 1290, {3, 3, 12, 1, 8}},
    {"CU-604", "Thermal Cup 350 ml", "Cups", 2490, {3, 2, 8, 2, 6}},
    {"TR-701", "Almond Biscotti 200 g", "Treats", 490, {9, 10, 7, 2, 7}},
    {"TR-702", "Honey Oat Cookies 250 g", "Treats", 450, {8, 12, 4, 1, 8}},
    {"TR-703", "Dark Chocolate 70 % 100 g", "Treats", 390, {7, 4, 9, 5, 6}},
    {"TR-704", "Café Crème Truffles", "Treats", 1290, {1, 1, 14, 1, 1}},
    {"TE-801", "Chai Mix 400 g", "Tea", 1090, {7, 3, 4, 1, 5}},
    {"TE-802", "Earl Grey, 50 Bags", "Tea", 690, {5, 9, 3, 1, 5}},
    {"MI-901", "Oat Drink Barista 1 l", "Milk", 249, {13, 20, 0, 4, 9}},
    {"GI-951", "Gift Box Discovery", "Gifts", 3900, {0, 1, 22, 1, 1}},
    {"GI-952", "Gift Card 50", "Gifts", 5000, {0, 1, 12, 0, 0}},
    {"GI-953", "Greeting Card", "Gifts", 290, {0, 0, 5, 0, 1}},
    {"GI-954", "Ribbon and Wrapping", "Gifts", 350, {0, 0, 4, 0, 0}},
};
enum { N_PRODUCTS = sizeof products / sizeof *products };

/* Who buys the first also takes the second, so often in a thousand. These are the
 * rules that mining should find again. */
static const struct bundle {
    const char *first, *second;
    uint16_t permille;
} bundles[] = {
    {"MA-301", "BE-104", 700}, {"MA-301", "CA-501", 450}, {"MA-301", "CU-601", 250},
    {"MA-302", "BE-103", 750}, {"MA-302", "BR-409", 500}, {"MA-302", "CA-502", 550},
    {"MA-303", "GR-201", 800}, {"MA-303", "BR-402", 700}, {"GM-311", "BE-108", 450},
    {"GM-312", "BE-106", 600}, {"BR-401", "BR-402", 800}, {"BR-401", "BE-106", 300},
    {"BR-403", "GR-202", 650}, {"BR-404", "BR-405", 550}, {"BR-408", "BR-407", 350},
    {"GR-201", "BR-402", 350}, {"TE-801", "TR-702", 450}, {"BE-105", "TR-701", 300},
    {"GI-951", "GI-954", 550}, {"GI-951", "GI-953", 600}, {"GI-952", "GI-953", 400},
    {"BE-103", "MI-901", 250}, {"CA-501", "CA-502", 350}, {"CU-601", "TR-704", 200},
};
enum { N_BUNDLES = sizeof bundles / sizeof *bundles };

/* Habits of each kind, and their shares of the customers. */
static const uint16_t kind_weights[N_KINDS] = {380, 90, 190, 140, 200};
static const struct habit {
    uint16_t gap_days;          /* between two orders, on average */
    uint16_t leave_permille;    /* after an ordinary order */
    uint16_t discount_permille; /* orders with a voucher */
    uint8_t age;
    uint8_t extra_items; /* at most so many above the first */
    uint8_t pieces;      /* at most so many of one cheap thing */
} habits[N_KINDS] = {
    [DRINKER] = {34, 12, 60, 42, 2, 2},
    [OFFICE] = {30, 5, 40, 46, 4, 9},
    [GIVER] = {80, 25, 90, 50, 2, 2},
    [ENTHUSIAST] = {42, 18, 70, 34, 2, 2},
    [HUNTER] = {52, 50, 700, 29, 1, 1},
};

static const struct city {
    const char *name;
    uint16_t late_permille; /* deliveries that come late */
} cities[] = {
    {"Wien", 40},     {"Graz", 60},      {"Linz", 60},   {"Salzburg", 50},
    {"München", 50},  {"Zürich", 150},   {"Köln", 120},  {"Berlin", 110},
    {"Hamburg", 160}, {"Innsbruck", 90}, {"Bozen", 190},
};
static const uint16_t city_weights[] = {220, 90, 70, 60, 150, 80, 70, 110, 70, 50, 30};
enum { N_CITIES = sizeof cities / sizeof *cities };

static const char *const channels[] = {"search", "friend", "store", "social", "fair"};
static const uint16_t channel_weights[] = {38, 22, 18, 17, 5};
enum { N_CHANNELS = sizeof channels / sizeof *channels };

static const char *const plans[] = {"none", "monthly", "yearly"};
enum { PLAN_NONE, PLAN_MONTHLY, PLAN_YEARLY };

#endif
