#include "ldap/names.h"

#include <gtest/gtest.h>

namespace cofre::ldap {
namespace {

using namespace std::string_literals;

TEST(LdapNames, WhatMeansSomethingInAFilterIsEscaped) {
  EXPECT_EQ(filter_value("ana"), "ana");
  EXPECT_EQ(filter_value("*"), "\\2a");
  EXPECT_EQ(filter_value(")(uid=*"), "\\29\\28uid\\3d\\2a");
  EXPECT_EQ(filter_value("a\0b"s), "a\\00b");
  EXPECT_EQ(filter_value("\\2a"), "\\5c2a");
  EXPECT_EQ(filter_value("王芳"), "王芳");
}

TEST(LdapNames, WhatMeansSomethingInADnIsEscaped) {
  EXPECT_EQ(dn_value("ana,dc=evil"), "ana\\2cdc\\3devil");
  EXPECT_EQ(dn_value("#1 "), "\\231\\20");
  EXPECT_EQ(dn_value("a+b\"c<d>e;f\\"), "a\\2bb\\22c\\3cd\\3ee\\3bf\\5c");
  for (const auto& name : {"ana,dc=evil"s, "#1 "s, " x"s, "a+b\"c<d>e;f\\"s, "o\nne"s}) {
    EXPECT_EQ(normal_dn("uid=" + dn_value(name) + ",dc=x"), "uid=" + dn_value(name) + ",dc=x") << name;
  }
}

TEST(LdapNames, APatternIsFilledInEveryPlace) {
  EXPECT_EQ(filled("(|(uid={user})(mail={user}))", "{user}", "ana"), "(|(uid=ana)(mail=ana))");
  EXPECT_EQ(filled("nothing", "{user}", "ana"), "nothing");
  EXPECT_EQ(filled("{user}", "{user}", "{user}"), "{user}");
}

TEST(LdapNames, TwoWaysToWriteADnAreEqual) {
  EXPECT_EQ(normal_dn("CN=Cofre Admins, OU=Groups,DC=Example,DC=Org"),
            normal_dn("cn=cofre admins,ou=groups,dc=example,dc=org"));
  EXPECT_EQ(normal_dn("cn=a\\2Cb,dc=x"), normal_dn("CN=A\\,B,DC=X"));
  EXPECT_EQ(normal_dn("a=1+b=2,c=3"), normal_dn("B=2+A=1,c=3"));
  EXPECT_NE(normal_dn("cn=a,dc=x"), normal_dn("cn=a,ou=b,dc=x"));
}

TEST(LdapNames, WhatIsNoDnHasNoForm) {
  for (const auto& text : {""s, "admins"s, "cn=a,,"s, "cn=a\0,dc=x"s, "cn=\xff"s, "*"s}) {
    EXPECT_EQ(normal_dn(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cofre::ldap
