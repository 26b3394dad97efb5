/*
** test_json_doc.c - a text as a tree: what the strict reader refuses never becomes one, and each question about
** a value of another type has an answer.
*/
#include <string.h>

#include "jose/json_doc.h"
#include "unit.h"

static struct json_doc *read(const char *text, enum json_fault *fault)
{
    return json_doc_read(text, strlen(text), fault);
}

static void test_refusals(void)
{
    static const struct {
        const char *text;
        enum json_fault fault;
    } rows[] = {
        { "", JSON_BAD_SYNTAX },
        { "{", JSON_BAD_SYNTAX },
        { "{\"a\":1,}", JSON_BAD_SYNTAX },
        { "{\"a\":1,\"a\":2}", JSON_DUPLICATE },
        { "[1.0000000000000000000000000000000000000000000000000000000000000000]", JSON_TOO_LONG },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum json_fault fault = JSON_FINE;
        struct json_doc *root = read(rows[i].text, &fault);
        CHECK(
            root == NULL && fault == rows[i].fault, "%s: %s", rows[i].text, json_fault_text(fault));
        json_doc_free(root);
    }
    enum json_fault fault = JSON_FINE;
    CHECK(json_doc_read("{\"a\":\0}", 7, &fault) == NULL && fault == JSON_BAD_SYNTAX,
        "a NUL byte is not JSON");
}

static void test_types(void)
{
    enum json_fault fault = JSON_FINE;
    struct json_doc *root = read("{\"a\":[1,\"x\"],\"A\":\"\\u0041\",\"s\":\"1.5e3\"}", &fault);
    if (!CHECK(root != NULL && fault == JSON_FINE, "it is read")) return;
    const struct json_doc *array = json_doc_member(root, "a");
    CHECK(json_doc_is_object(root) && !json_doc_is_array(root), "the root is an object");
    CHECK(json_doc_is_array(array), "names are told apart by their case");
    CHECK(json_doc_member(array, "a") == NULL, "an array has no members");
    CHECK(json_doc_member(root, "b") == NULL, "a member that is not there");
    CHECK(json_doc_string(array) == NULL && json_doc_string(NULL) == NULL, "no strings");
    CHECK(json_doc_string(json_doc_first(array)) == NULL, "nor is a number one");
    const char *string = json_doc_string(json_doc_next(json_doc_first(array)));
    CHECK(string != NULL && strcmp(string, "x") == 0, "the second element");
    string = json_doc_string(json_doc_member(root, "A"));
    CHECK(string != NULL && strcmp(string, "A") == 0, "an escape is decoded");
    json_doc_free(root);
    json_doc_free(NULL);
}

int main(void)
{
    test_refusals();
    test_types();
    return unit_end();
}
